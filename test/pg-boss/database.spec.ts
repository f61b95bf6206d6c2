import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Param, Post } from '@nestjs/common';
import { knex } from 'knex';
import { fromKnex, PgBoss } from 'pg-boss';
import { AttributeReferral, PartneroService } from 'nestjs-partnero';
import { postgresOutbox, type PostgresOutboxOptions } from 'nestjs-partnero/pg-boss';
import { FakePartnero } from 'nestjs-partnero/testing';
import { closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { endPostgresServers, PostgresServer } from '../support/postgres-server.js';
import { settled, visit } from '../support/sign-up-client.js';
import { endProxies, TcpProxy } from '../support/tcp-proxy.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

@Controller()
class AuthController {
  @Post('signup/:id')
  @AttributeReferral((user: { id: string }) => ({ ...user, email: `${user.id}@example.com` }))
  signup(@Param('id') id: string) {
    return { id };
  }
}

let fake: FakePartnero;
let postgres: PostgresServer;
let schemas = 0;

beforeAll(async () => {
  postgres = await PostgresServer.start();
});

beforeEach(async () => {
  schemas += 1;
  fake = await FakePartnero.start({ partners: ['ann'] });
});

afterEach(async () => {
  await closeApps();
  await endProxies();
  await fake.stop();
});

afterAll(async () => {
  await endPostgresServers();
  removeTemporaryFolders();
});

const schema = () => `app_${schemas}`;

function start(
  options: PostgresOutboxOptions = { connectionString: postgres.url, schema: schema() },
  more: object = {},
): Promise<RunningApp> {
  return startApp({
    imports: [partnero(fake, { outbox: postgresOutbox(options), ...more })],
    controllers: [AuthController],
  });
}

const signUp = (app: RunningApp, id: string) =>
  visit(`${app.url}/signup/${id}`, { partner: 'ann' });
const outboxOf = ({ app }: RunningApp) => app.get(PartneroService).outbox;
const sql = async <T extends object>(text: string): Promise<T[]> =>
  (await postgres.ask((client) => client.query<T>(text))).rows;

describe('a connection that breaks while a job is claimed', () => {
  const startBehindProxy = async () => {
    const proxy = await TcpProxy.start(postgres.port);
    // Then it has to be claimed from the database.
    fake.misbehave({ type: 'status', status: 500 }, { on: 'POST /customers', times: 1 });
    const connectionString = postgres.url.replace(`:${postgres.port}/`, `:${proxy.port}/`);
    const app = await start({ connectionString, schema: schema(), leaseMs: 2_000 });
    await signUp(app, 'claimed');
    proxy.holdBack('COMMIT', 'claimed');
    return { proxy, app };
  };

  it('leaves it with nobody, though the database is only then to write it down', async () => {
    const { proxy, app } = await startBehindProxy();
    await eventually(() => proxy.hasCaught);
    // Until then, its locks keep others out.
    await sleep(100);
    proxy.letThrough();
    expect(await settled(app.app, 1)).toMatchObject({ outcomes: { attributed: 1 } });
    expect(fake.requestsTo('POST /customers')).toHaveLength(2);
  });

  it('keeps nobody waiting for hours, though the machine has vanished with it', async () => {
    // The connection stays, as far as the database knows.
    const { proxy, app } = await startBehindProxy();
    expect(await settled(app.app, 1)).toMatchObject({ outcomes: { attributed: 1 } });
    expect(proxy.hasCaught).toBe(true);
  });
});

describe('where the jobs are', () => {
  it('may be a schema of their own, with pg-boss in it', async () => {
    const app = await start();
    await signUp(app, '1');
    await settled(app.app, 1);
    expect((await outboxOf(app).stats()).location).toBe(
      `the schema ${schema()} of PostgreSQL on 127.0.0.1:${postgres.port}/postgres`,
    );
  });

  it('may be beside a pg-boss of the app’s own, which goes on', async () => {
    const boss = await new PgBoss(postgres.url).start();
    await boss.createQueue('mine');
    const app = await start({ boss, schema: schema() });
    await signUp(app, '1');
    await settled(app.app, 1);
    await app.close();
    await boss.send('mine', { x: 1 });
    expect(await boss.fetch('mine')).toMatchObject([{ data: { x: 1 } }]);
    await boss.stop({ graceful: false });
  });

  it('may be reached as the app reaches its own', async () => {
    const db = knex({ client: 'pg', connection: postgres.url });
    await fake.down();
    const app = await start({ db: fromKnex(db), schema: schema() });
    for (let i = 0; i < 5; i += 1) await signUp(app, `${i}`);
    await fake.up();
    expect(await settled(app.app, 5)).toMatchObject({ outcomes: { attributed: 5 } });
    await app.close();
    await db.destroy();
  });

  it('is another queue for each program', async () => {
    const outbox = postgresOutbox({ connectionString: postgres.url, schema: schema() });
    const app = await startApp({
      imports: [partnero(fake, { outbox }), partnero(fake, { outbox, name: 'friends: A' })],
    });
    await app.app.get(PartneroService).attribute({ key: 'ann' }, { id: '1' });
    await settled(app.app, 1);
    expect(await sql(`SELECT name FROM ${schema()}.queue ORDER BY name`)).toEqual([
      { name: schema() },
      { name: `${schema()}/friends.58..32.A` },
    ]);
  });
});

describe('an operator', () => {
  const jobsOf = (table: string) => sql(`SELECT * FROM ${schema()}.${table}`);

  it('of pg-boss sees nothing that a customer said', async () => {
    await fake.down();
    const app = await start();
    await signUp(app, '1');
    const jobs = await eventually(async () => {
      const found = await jobsOf('job');
      return found.length > 0 && found;
    });
    expect(JSON.stringify(jobs)).not.toContain('example.com');
    expect(JSON.stringify(await jobsOf('outbox_jobs'))).toContain('example.com');
  });

  it('who throws away jobs of pg-boss’s loses none of ours', async () => {
    await fake.down();
    const app = await start();
    for (let i = 0; i < 5; i += 1) await signUp(app, `${i}`);
    await app.close();
    await sql(`DELETE FROM ${schema()}.job`);
    await sql(`DELETE FROM ${schema()}.outbox_turn`);
    await sql(`UPDATE ${schema()}.outbox_jobs SET due = due - 3600000`);
    await fake.up();
    // An app cleans up at its start, and every hour.
    const next = await start();
    expect(await settled(next.app, 5)).toMatchObject({ outcomes: { attributed: 5 } });
  });

  it('does not find more and more jobs of pg-boss’s, with each start in an outage', async () => {
    await fake.down();
    const app = await start();
    for (let i = 0; i < 5; i += 1) await signUp(app, `${i}`);
    await app.close();
    for (let i = 0; i < 3; i += 1) {
      await sql(`UPDATE ${schema()}.outbox_jobs SET due = due - 3600000`);
      const next = await start();
      await eventually(async () => (await jobsOf('outbox_turn')).length === 0);
      await next.close();
    }
    const left = await sql(
      `SELECT data->>'id' AS id FROM ${schema()}.job WHERE name = '${schema()}'`,
    );
    expect(left).toHaveLength(5);
    await fake.up();
    const next = await start();
    expect(await settled(next.app, 5)).toMatchObject({ outcomes: { attributed: 5 } });
  });

  it('finds nothing that a settled job said', async () => {
    const app = await start();
    await signUp(app, '1');
    await settled(app.app, 1);
    expect(JSON.stringify(await jobsOf('outbox_jobs'))).not.toContain('example.com');
  });
});

describe('at boot', () => {
  it('a database that is away fails nothing; sign-ups wait for it behind their responses', async () => {
    const proxy = await TcpProxy.start(postgres.port);
    proxy.refuse();
    const connectionString = `postgres://postgres@127.0.0.1:${proxy.port}/postgres`;
    const app = await start({ connectionString, schema: schema() }, { acceptTimeoutMs: 50 });
    expect(app.logger.ours('error').join()).toContain('PostgreSQL is away');
    expect((await signUp(app, '1')).status).toBe(201);
    proxy.retarget(postgres.port);
    expect(await settled(app.app, 1)).toMatchObject({ outcomes: { attributed: 1 } });
  }, 30_000);

  it.each<[string, () => Promise<string>, RegExp]>([
    [
      'a database that doesn’t exist',
      () => Promise.resolve(postgres.url.replace(/postgres$/, 'nowhere')),
      /3D000.*connectionString/,
    ],
    [
      'a right that is missing',
      async () => {
        await sql(`CREATE ROLE guest_${schemas} LOGIN`);
        return postgres.url.replace('postgres@', `guest_${schemas}@`);
      },
      /42501.*may create a schema/,
    ],
  ])('%s fails it, and is said', async (_, make, message) => {
    await expect(start({ connectionString: await make(), schema: schema() })).rejects.toThrow(
      message,
    );
  });

  it('tables of a newer version fail it, and are left alone', async () => {
    await (await start()).close();
    await sql(`UPDATE ${schema()}.outbox_version SET version = 99`);
    await expect(start()).rejects.toThrow(/newer version/);
    expect(await sql(`SELECT version FROM ${schema()}.outbox_version`)).toEqual([{ version: 99 }]);
  });

  it('several at once make the tables together', async () => {
    const apps = await Promise.all(Array.from({ length: 4 }, () => start()));
    await Promise.all(apps.map((app, i) => signUp(app, `${i}`)));
    await settled(apps[0]!.app, 4);
  });
});

describe('the options of postgresOutbox()', () => {
  const db = { executeSql: () => Promise.resolve({ rows: [] }) };
  it.each<[string, object, string]>([
    ['none', {}, 'needs a database: give connectionString, db or boss, or set DATABASE_URL'],
    ['several', { db, connectionString: 'x' }, 'give one of connectionString, db and boss'],
    ['no database', { db: {} }, 'db must be a database of pg-boss'],
    ['no pg-boss', { boss: {} }, 'boss must be a PgBoss of pg-boss 12'],
    ['a mistyped name', { conection: 'x' }, 'conection is not an option'],
    ['a schema of other signs', { db, schema: 'a"; DROP' }, 'must be of small letters'],
    ['a lease too short', { db, leaseMs: 10 }, 'leaseMs must be a number from 1000'],
  ])('are checked: %s', (_, options, message) => {
    expect(() => postgresOutbox(options)).toThrow(message);
  });

  it('keep the password out of what is said', () => {
    const connectionString = 'postgres://user:secret-1@127.0.0.1:1/x';
    const outbox = postgresOutbox({ connectionString });
    expect(JSON.stringify(outbox)).not.toContain('secret-1');
  });
});
