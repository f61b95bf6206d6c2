import { Client } from 'pg';
import { howToMigrate, migrate, migrations, sqlOf, status } from '#lib/postgres/migrations.js';
import { connect } from '#lib/postgres/own-pool.js';
import type { PostgresExecutor } from 'nestjs-partnero/postgres';
import { POSTGRES_CLIENTS } from '../support/postgres-clients.js';
import { endPostgresServers, PostgresServer } from '../support/postgres-server.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

let postgres: PostgresServer;
let direct: Client;
let schema: string;
let schemas = 0;
const opened: PostgresExecutor[] = [];

beforeAll(async () => {
  postgres = await PostgresServer.start();
  direct = new Client({ connectionString: postgres.url });
  await direct.connect();
});

beforeEach(() => {
  schemas += 1;
  schema = `outbox_${schemas}`;
});

afterEach(async () => {
  for (const executor of opened.splice(0)) await executor.close?.();
});

afterAll(async () => {
  await direct.end();
  await endPostgresServers();
  removeTemporaryFolders();
});

function executor(url = postgres.url): PostgresExecutor {
  const made = connect(url);
  opened.push(made);
  return made;
}

const versions = (rows: readonly { version: number }[]) => rows.map(({ version }) => version);
const ALL = versions(migrations('any'));

/** All that the tables are, without the name of their schema. */
async function structureOf(name: string): Promise<unknown> {
  const columns = await direct.query(
    `SELECT table_name, column_name, data_type, is_nullable, column_default, is_identity
      FROM information_schema.columns WHERE table_schema = $1 ORDER BY 1, 2`,
    [name],
  );
  const indexes = await direct.query<{ indexdef: string }>(
    'SELECT indexdef FROM pg_indexes WHERE schemaname = $1 ORDER BY 1',
    [name],
  );
  return [
    columns.rows,
    indexes.rows.map(({ indexdef }) => indexdef.replaceAll(`${name}.`, '')).toSorted(),
  ];
}

async function roleFor(...grants: string[]): Promise<string> {
  const role = `role_${schema}`;
  await direct.query(`CREATE ROLE ${role} LOGIN`);
  for (const grant of grants) await direct.query(`${grant} ${role}`);
  return postgres.url.replace('postgres@', `${role}@`);
}

describe('Migrations', () => {
  it('create the tables in a schema of their own, once', async () => {
    const on = executor();
    expect(await on.transaction((tx) => status(tx, schema))).toMatchObject([
      { version: 1, name: 'create the outbox', appliedAt: null },
    ]);
    const before = Date.now() - 1_000;
    expect(versions(await migrate(on, schema))).toEqual(ALL);
    expect(await migrate(on, schema)).toEqual([]);
    for (const { appliedAt } of await on.transaction((tx) => status(tx, schema))) {
      expect(appliedAt!.getTime()).toBeGreaterThan(before);
      expect(appliedAt!.getTime()).toBeLessThan(Date.now() + 1_000);
    }
  });

  it('are applied once by processes that start at the same time', async () => {
    const applied = await Promise.all(Array.from({ length: 5 }, () => migrate(executor(), schema)));
    expect(versions(applied.flat())).toEqual(ALL);
  });

  it.each(Object.entries(POSTGRES_CLIENTS))('can be applied through %s', async (_, open) => {
    const client = await open(postgres.url);
    expect(versions(await migrate(client.executor, schema))).toEqual(ALL);
    const [first] = await client.executor.transaction((tx) => status(tx, schema));
    expect(first?.appliedAt).toBeInstanceOf(Date);
    await client.close();
  });

  it('can be applied by hand, with the same result, any number of times', async () => {
    await direct.query(sqlOf(schema));
    await direct.query(sqlOf(schema));
    const on = executor();
    expect(await migrate(on, schema)).toEqual([]);
    await migrate(on, `${schema}_other`);
    expect(await structureOf(schema)).toEqual(await structureOf(`${schema}_other`));
  });

  it('need no right to create schemas where the schema is there', async () => {
    await direct.query(`CREATE SCHEMA ${schema}`);
    const url = await roleFor(`GRANT USAGE, CREATE ON SCHEMA ${schema} TO`);
    expect(versions(await migrate(executor(url), schema))).toEqual(ALL);
  });

  it('that are applied can be read by a user who may only read and write', async () => {
    await migrate(executor(), schema);
    const url = await roleFor(
      `GRANT USAGE ON SCHEMA ${schema} TO`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO`,
    );
    const [first] = await executor(url).transaction((tx) => status(tx, schema));
    expect(first?.appliedAt).not.toBeNull();
  });

  it('of a newer version are refused, and left alone', async () => {
    const on = executor();
    await migrate(on, schema);
    await direct.query(`INSERT INTO ${schema}.migrations (version, name) VALUES (99, 'later')`);
    await expect(migrate(on, schema)).rejects.toThrow(
      /version 99 by a newer nestjs-partnero.*Upgrade nestjs-partnero here/,
    );
    const { rows } = await direct.query(`SELECT max(version) AS newest FROM ${schema}.migrations`);
    expect(rows).toEqual([{ newest: 99 }]);
  });

  it('that are pending are explained with three ways out', () => {
    const message = howToMigrate('partnero');
    for (const wayOut of ['outbox migrate', 'outbox sql', 'migrate: true']) {
      expect(message).toContain(wayOut);
    }
  });
});
