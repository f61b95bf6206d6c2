import { Knex, knex } from 'knex';
import { Kysely, PostgresDialect } from 'kysely';
import { Client, Pool } from 'pg';
import { fromKnex, fromKysely } from 'pg-boss';
import { DataSource, EntitySchema } from 'typeorm';
import {
  PartneroService,
  sqliteOutbox,
  type AppTransaction,
  type OutboxDefinition,
  type Outcome,
} from 'nestjs-partnero';
import { postgresOutbox } from 'nestjs-partnero/pg-boss';
import { FakePartnero } from 'nestjs-partnero/testing';
import { closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { endPostgresServers, PostgresServer } from '../support/postgres-server.js';
import { settled } from '../support/sign-up-client.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

let postgres: PostgresServer;
let fake: FakePartnero;
let app: RunningApp;
let outcomes: Outcome[];
let schemas = 0;
const toEnd: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  postgres = await PostgresServer.start();
  await postgres.ask((client) => client.query('CREATE TABLE users (id text PRIMARY KEY)'));
});

beforeEach(async () => {
  outcomes = [];
  schemas += 1;
  fake = await FakePartnero.start({ partners: ['ann'] });
});

afterEach(async () => {
  for (const end of toEnd.splice(0)) await end();
  await closeApps();
  await fake.stop();
  await postgres.ask((client) => client.query('TRUNCATE users'));
});

afterAll(async () => {
  await endPostgresServers();
  removeTemporaryFolders();
});

async function start(outbox?: OutboxDefinition, more: object = {}): Promise<void> {
  const own = postgresOutbox({ connectionString: postgres.url, schema: `app_${schemas}` });
  app = await startApp({
    imports: [
      partnero(fake, {
        outbox: outbox ?? own,
        onOutcome: (outcome) => outcomes.push(outcome),
        ...more,
      }),
    ],
  });
}

const service = () => app.app.get(PartneroService);
const stats = () => service().outbox.stats();
const attribute = (id: string, transaction: AppTransaction) =>
  service().attribute({ key: 'ann' }, { id }, { transaction });
const users = async () =>
  (await postgres.ask((client) => client.query('SELECT id FROM users ORDER BY id'))).rows.map(
    ({ id }: { id: string }) => id,
  );
const insert = 'INSERT INTO users VALUES ($1)';

async function connected(): Promise<Client> {
  const client = new Client({ connectionString: postgres.url });
  client.on('error', () => {});
  await client.connect();
  toEnd.push(() => client.end().catch(() => {}));
  return client;
}

/** Each way to have a transaction: runs something in it, and then commits or rolls back. */
type InTransaction = (
  work: (transaction: AppTransaction, signUp: (id: string) => Promise<unknown>) => Promise<void>,
  rollBack?: boolean,
) => Promise<void>;

class RolledBack extends Error {}

const WAYS: Record<string, InTransaction> = {
  'a client of pg': async (work, rollBack) => {
    const client = await connected();
    await client.query('BEGIN');
    await work(client, (id) => client.query(insert, [id]));
    await client.query(rollBack ? 'ROLLBACK' : 'COMMIT');
  },
  'a client of a pool of pg': async (work, rollBack) => {
    const pool = new Pool({ connectionString: postgres.url });
    toEnd.push(() => pool.end());
    const client = await pool.connect();
    await client.query('BEGIN');
    await work(client, (id) => client.query(insert, [id]));
    await client.query(rollBack ? 'ROLLBACK' : 'COMMIT');
    client.release();
  },
  'the EntityManager of TypeORM': async (work, rollBack) => {
    const User = new EntitySchema<{ id: string }>({
      name: 'users',
      columns: { id: { type: 'text', primary: true } },
    });
    const source = new DataSource({ type: 'postgres', url: postgres.url, entities: [User] });
    await source.initialize();
    toEnd.push(() => source.destroy());
    await source
      .transaction(async (manager) => {
        await work(manager, (id) => manager.save(User, { id }));
        if (rollBack) throw new RolledBack();
      })
      .catch(onlyRolledBack);
  },
  'Knex, through pg-boss’s adapter': async (work, rollBack) => {
    const db: Knex = knex({ client: 'pg', connection: postgres.url });
    toEnd.push(() => db.destroy());
    await db
      .transaction(async (trx) => {
        await work(fromKnex(trx), (id) => trx('users').insert({ id }));
        if (rollBack) throw new RolledBack();
      })
      .catch(onlyRolledBack);
  },
  'Kysely, through pg-boss’s adapter': async (work, rollBack) => {
    const pool = new Pool({ connectionString: postgres.url });
    const db = new Kysely<{ users: { id: string } }>({ dialect: new PostgresDialect({ pool }) });
    toEnd.push(() => db.destroy());
    await db
      .transaction()
      .execute(async (trx) => {
        await work(fromKysely(trx), (id) => trx.insertInto('users').values({ id }).execute());
        if (rollBack) throw new RolledBack();
      })
      .catch(onlyRolledBack);
  },
};

function onlyRolledBack(error: unknown): void {
  if (!(error instanceof RolledBack)) throw error;
}

describe.each(Object.entries(WAYS))('a transaction of %s', (_, inTransaction) => {
  it('that commits attributes, exactly once, and not before', async () => {
    await start();
    await inTransaction(async (transaction, signUp) => {
      await signUp('1');
      expect(await attribute('1', transaction)).toBe('accepted');
      expect(await stats()).toMatchObject({ accepted: 0, pending: 0 });
      await new Promise((resolve) => setTimeout(resolve, 80));
      expect(fake.requests).toEqual([]);
    });
    expect(await settled(app.app, 1)).toMatchObject({ outcomes: { attributed: 1 } });
    expect(fake.customers).toMatchObject([{ key: '1' }]);
    expect(await users()).toEqual(['1']);
  });

  it('that rolls back attributes nobody, and counts nobody', async () => {
    await start();
    await inTransaction(async (transaction, signUp) => {
      await signUp('1');
      expect(await attribute('1', transaction)).toBe('accepted');
    }, true);
    await inTransaction(async (transaction, signUp) => {
      await signUp('2');
      await attribute('2', transaction);
    });
    expect(await settled(app.app, 1)).toMatchObject({ accepted: 1, outcomes: { attributed: 1 } });
    expect(fake.customers).toMatchObject([{ key: '2' }]);
    expect(await users()).toEqual(['2']);
    expect(await service().outbox.find({ customerKey: '1' })).toEqual([]);
  });

  it('goes on though the attribution fails', async () => {
    await start();
    // As in a database where the outbox isn't.
    const drop = `DROP SCHEMA app_${schemas} CASCADE`;
    // The app is asking it something all the time.
    await eventually(() => postgres.ask((client) => client.query(drop)));
    await inTransaction(async (transaction, signUp) => {
      await signUp('1');
      expect(await attribute('1', transaction)).toBe('accept_failed');
      await signUp('2');
    });
    expect(await users()).toEqual(['1', '2']);
    expect(outcomes).toMatchObject([{ outcome: 'accept_failed', customerKey: '1' }]);
  });
});

describe('a transaction', () => {
  it('that commits while a later job of its customer is under way holds up neither', async () => {
    await start(undefined, { timeoutMs: 3_000 });
    fake.addCustomer({ key: '1', partner: fake.partners[0]! });
    fake.misbehave({ type: 'hang' }, { on: 'GET /transactions', times: 1 });
    const client = await connected();
    await client.query('BEGIN');
    expect(await attribute('1', client)).toBe('accepted');
    const amount = { amount: '49.00', currency: 'USD' };
    await service().transactions.record({ key: 'inv-1', customer: { key: '1' }, amount });
    await eventually(() => fake.requestsTo('GET /transactions').length === 1);
    await client.query('COMMIT');
    await eventually(async () => (await stats()).pending === 0, 30_000);
    expect((await stats()).outcomes).toEqual({ already_registered: 1, recorded: 1 });
  });

  it('that never ends holds up nobody else, not even for the same customer', async () => {
    await start();
    const client = await connected();
    await client.query('BEGIN');
    expect(await attribute('1', client)).toBe('accepted');
    for (const id of ['1', '2', '3']) {
      expect(await service().attribute({ key: 'ann' }, { id })).toBe('accepted');
    }
    await settled(app.app, 3);
    await client.query('COMMIT');
    expect(await settled(app.app, 4)).toMatchObject({
      outcomes: { attributed: 3, already_registered: 1 },
    });
  });

  it('whose connection dies attributes nobody', async () => {
    await start();
    const client = await connected();
    await client.query('BEGIN');
    await attribute('1', client);
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await postgres.ask((other) => other.query('SELECT pg_terminate_backend($1)', [rows[0]!.pid]));
    await service().attribute({ key: 'ann' }, { id: '2' });
    expect(await settled(app.app, 1)).toMatchObject({ accepted: 1 });
    expect(fake.customers).toMatchObject([{ key: '2' }]);
  });

  it('may hold many sign-ups', async () => {
    await start();
    const client = await connected();
    await client.query('BEGIN');
    // One of them fails, and takes none of the others along.
    const ids = Array.from({ length: 50 }, (_, i) => (i === 25 ? 'nul \0' : `${i}`));
    const made = await Promise.all(ids.map((id) => attribute(id, client)));
    expect(made.filter((outcome) => outcome === 'accepted')).toHaveLength(49);
    expect(made[25]).toBe('accept_failed');
    await client.query('COMMIT');
    expect(await settled(app.app, 49)).toMatchObject({ outcomes: { attributed: 49 } });
  });

  it('is not needed', async () => {
    await start();
    expect(await service().attribute({ key: 'ann' }, { id: '1' }, {})).toBe('accepted');
    expect(await service().attribute(null, { id: '2' }, { transaction: await connected() })).toBe(
      'no_referral',
    );
    await settled(app.app, 1);
  });

  it.each<[string, () => Promise<object>, RegExp]>([
    ['has not begun', connected, /is in none: give the client that began one/],
    [
      'is a pool',
      () => {
        const pool = new Pool({ connectionString: postgres.url });
        toEnd.push(() => pool.end());
        return Promise.resolve(pool);
      },
      /is in none: .*not its pool/,
    ],
    ['is something else', () => Promise.resolve({}), /must be a client of pg/],
    [
      'is TypeORM’s, and not in a transaction',
      async () => {
        const source = new DataSource({ type: 'postgres', url: postgres.url });
        await source.initialize();
        toEnd.push(() => source.destroy());
        return source.manager;
      },
      /is in none: .*EntityManager/,
    ],
  ])('that %s is not taken, and it is said why', async (_, make, why) => {
    await start();
    const given = (await make()) as AppTransaction;
    expect(await attribute('1', given)).toBe('accept_failed');
    expect(app.logger.ours('warn').join()).toMatch(why);
    expect(await stats()).toMatchObject({ accepted: 0, notAccepted: { accept_failed: 1 } });
  });

  it('is refused by outboxes that know nothing of it', async () => {
    await start(sqliteOutbox({ path: `${temporaryFolder()}/outbox.db` }));
    const client = await connected();
    await client.query('BEGIN');
    expect(await attribute('1', client)).toBe('accept_failed');
    await client.query('COMMIT');
    expect(app.logger.ours('warn').join()).toContain('Use postgresOutbox()');
    await eventually(() => outcomes.length > 0);
  });
});
