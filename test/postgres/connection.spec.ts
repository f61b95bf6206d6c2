import { inspect } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Pool } from 'pg';
import { fromPg, type PostgresExecutor } from 'nestjs-partnero/postgres';
import { transact } from '#lib/postgres/bounded-transaction.js';
import { migrate } from '#lib/postgres/migrations.js';
import { connect } from '#lib/postgres/own-pool.js';
import { PostgresConnection } from '#lib/postgres/postgres-connection.js';
import { POSTGRES_CLIENTS } from '../support/postgres-clients.js';
import { endPostgresServers, PostgresServer } from '../support/postgres-server.js';
import { endProxies, TcpProxy } from '../support/tcp-proxy.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

let postgres: PostgresServer;
let direct: Client;
let schema: string;
let schemas = 0;
const toClose: (() => Promise<unknown> | undefined)[] = [];

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
  for (const close of toClose.splice(0).toReversed()) await close();
  await endProxies();
});

afterAll(async () => {
  await direct.end();
  await endPostgresServers();
  removeTemporaryFolders();
});

function executorAt(port = postgres.port, path = 'postgres'): PostgresExecutor {
  const executor = connect(`postgres://postgres@127.0.0.1:${port}/${path}`);
  toClose.push(() => executor.close?.());
  return executor;
}

interface Connected {
  readonly connection: PostgresConnection;
  readonly errors: string[];
  readonly problems: string[];
  readonly counts: { leaseLost: number; reset: number };
}

function connectionOn(executor = executorAt(), mayMigrate = true): Connected {
  const errors: string[] = [];
  const problems: string[] = [];
  const counts = { leaseLost: 0, reset: 0 };
  const log = { log() {}, warn() {}, error: (message: string) => errors.push(message) };
  const settings = { executor, schema, migrate: mayMigrate, location: 'PostgreSQL' };
  const connection = new PostgresConnection(settings, log);
  connection.subscribe({
    onJobs() {},
    onReset: () => void (counts.reset += 1),
    onLeaseLost: () => void (counts.leaseLost += 1),
    onProblem: (error) => void problems.push(error.message),
  });
  toClose.push(() => connection.close());
  return { connection, errors, problems, counts };
}

const job = (id: string, more: object = {}) => ({
  id,
  name: 'attribution',
  orderingKey: id,
  referralKey: 'ann',
  payload: '{}',
  queuedAt: 1,
  owner: null,
  ...more,
});
const enqueue = (connection: PostgresConnection, id: string) =>
  connection.call('enqueue', 'default', job(id));
const saved = async () => {
  const { rows } = await direct.query<{ id: string }>(`SELECT id FROM ${schema}.jobs ORDER BY id`);
  return rows.map(({ id }) => id);
};
const drop = () => direct.query(`DROP SCHEMA ${schema} CASCADE`);
const owners = async () => (await direct.query(`SELECT token FROM ${schema}.owners`)).rows;

describe('Opening a connection', () => {
  it('creates the tables and registers the process, which closing undoes', async () => {
    const { connection } = connectionOn();
    await connection.open();
    expect(await owners()).toEqual([{ token: connection.owner }]);
    await connection.close();
    expect(await owners()).toEqual([]);
    await expect(enqueue(connection, '1')).rejects.toThrow('CLOSED');
  });

  it('fails while migrations are pending, if it may not apply them', async () => {
    const { connection } = connectionOn(executorAt(), false);
    await expect(connection.open()).rejects.toThrow(/outbox migrate.*outbox sql.*migrate: true/);
    await expect(owners()).rejects.toThrow('does not exist');
    await migrate(executorAt(), schema);
    await connectionOn(executorAt(), false).connection.open();
  });

  it.each<[string, () => Promise<PostgresExecutor>, RegExp]>([
    [
      'a database that does not exist',
      () => Promise.resolve(executorAt(postgres.port, 'nowhere')),
      /database doesn't exist.*3D000/,
    ],
    [
      'a user who may not create a schema',
      async () => {
        await direct.query('CREATE ROLE guest LOGIN');
        const guest = connect(postgres.url.replace('postgres@', 'guest@'));
        toClose.push(() => guest.close?.());
        return guest;
      },
      /lacks a privilege.*42501/,
    ],
    [
      'a connection string that is none',
      () => Promise.resolve(connect('postgres://me:secret@[/x')),
      /postgres:\/\/user@host\/database/,
    ],
  ])('fails with the cause for %s', async (_, make, message) => {
    const error: unknown = await connectionOn(await make())
      .connection.open()
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'PartneroConfigurationError' });
    expect(String(error)).toMatch(message);
    expect(inspect(error)).not.toContain('secret');
  });

  it('succeeds while PostgreSQL is away, and jobs are saved once it is back', async () => {
    const proxy = await TcpProxy.start(postgres.port);
    proxy.refuse();
    const { connection, problems } = connectionOn(executorAt(proxy.port));
    await connection.open();
    expect(problems.join()).toContain("PostgreSQL can't be reached");
    await expect(enqueue(connection, '1')).rejects.toMatchObject({ mayBeSaved: false });
    proxy.retarget(postgres.port);
    await enqueue(connection, '2');
    expect(await saved()).toEqual(['2']);
    expect(await owners()).toHaveLength(1);
  });
});

describe('A schema that is dropped while the app runs', () => {
  it('is created again, and the process registers again; the loss is logged once', async () => {
    const { connection, errors, counts } = connectionOn();
    await connection.open();
    await enqueue(connection, '1');
    await drop();
    await Promise.all(['2', '3', '4'].map((id) => enqueue(connection, id)));
    expect(await saved()).toEqual(['2', '3', '4']);
    expect(await owners()).toHaveLength(1);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('were dropped while the app ran');
    expect(counts).toEqual({ leaseLost: 1, reset: 1 });
  });

  it('is reported while the app may not create it, until somebody does', async () => {
    await migrate(executorAt(), schema);
    const { connection } = connectionOn(executorAt(), false);
    await connection.open();
    await drop();
    const failed = enqueue(connection, '1');
    await expect(failed).rejects.toThrow('npx nestjs-partnero outbox migrate');
    await expect(failed).rejects.toMatchObject({ reason: 'NOT_MIGRATED', mayBeSaved: false });
    await migrate(executorAt(), schema);
    await enqueue(connection, '2');
    expect(await saved()).toEqual(['2']);
  });

  it('is reported if only a table of it is gone', async () => {
    const { connection } = connectionOn();
    await connection.open();
    await direct.query(`DROP TABLE ${schema}.jobs`);
    await expect(enqueue(connection, '1')).rejects.toMatchObject({ reason: '42P01' });
  });
});

describe('A batch', () => {
  it('with one job that PostgreSQL refuses saves all others', async () => {
    const { connection } = connectionOn();
    await connection.open();
    const refused = connection.call('submit', 'default', job('0', { referralKey: 'NUL \0' }));
    const failed = expect(refused).rejects.toMatchObject({ reason: '22P05' });
    await Promise.all(['1', '2', '3'].map((id) => enqueue(connection, id)));
    await failed;
    expect(await saved()).toEqual(['1', '2', '3']);
  });

  it('is repeated if it conflicted with another transaction, at most three times', async () => {
    const executor = executorAt();
    const fail = (code: string) =>
      `DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '${code}'; END $$`;
    let attempts = 0;
    const conflicting = (times: number, code: string) =>
      transact(executor, async (tx) => {
        attempts += 1;
        if (attempts <= times) await tx.query(fail(code), []);
        return attempts;
      });
    expect(await conflicting(3, '40P01')).toBe(4);
    attempts = 0;
    await expect(conflicting(9, '40001')).rejects.toMatchObject({ reason: '40001' });
    expect(attempts).toBe(4);
    attempts = 0;
    await expect(conflicting(9, '23505')).rejects.toMatchObject({ reason: '23505' });
    expect(attempts).toBe(1);
  });
});

describe('A transaction', () => {
  const create = () =>
    direct.query(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.jobs (id text)`);
  const insert = (executor: PostgresExecutor, limitMs?: number) =>
    transact(
      executor,
      async (tx) => {
        await tx.query(`INSERT INTO ${schema}.jobs VALUES ($1)`, ['1']);
      },
      limitMs,
    );

  it('whose COMMIT may have taken effect is said to be perhaps saved', async () => {
    await create();
    const proxy = await TcpProxy.start(postgres.port);
    proxy.loseAnswer('COMMIT');
    const failed = insert(executorAt(proxy.port));
    await expect(failed).rejects.toMatchObject({ reason: 'DISCONNECTED', mayBeSaved: true });
    expect(await saved()).toEqual(['1']);
  });

  it('that was cut off before its COMMIT is made again', async () => {
    await create();
    const proxy = await TcpProxy.start(postgres.port);
    proxy.holdBack('INSERT');
    await insert(executorAt(proxy.port));
    expect(await saved()).toEqual(['1']);
  });

  it('that stood still for too long is made again, and its locks delay another one only', async () => {
    await create();
    let isFirst = true;
    const stopped = transact(executorAt(), async (tx) => {
      await tx.query(`LOCK TABLE ${schema}.jobs`, []);
      if (isFirst) {
        isFirst = false;
        await sleep(5_000);
      }
      await tx.query(`INSERT INTO ${schema}.jobs VALUES ($1)`, ['stopped']);
    });
    await sleep(100);
    await insert(executorAt());
    await stopped;
    expect(await saved()).toEqual(['1', 'stopped']);
  });

  it('whose failed statement went unnoticed is not said to be saved', async () => {
    const swallowing = transact(executorAt(), async (tx) => {
      await Promise.resolve(tx.query('SELECT * FROM nowhere', [])).catch(() => {});
    });
    await expect(swallowing).rejects.toMatchObject({ reason: '42P01' });
  });

  it('ends in time on a server that hangs, and its connection is not used again', async () => {
    await create();
    const pool = new Pool({ connectionString: postgres.url, max: 1 });
    pool.on('error', () => {});
    toClose.push(() => pool.end());
    const proxied = fromPg(pool);
    await proxied.transaction((tx) => Promise.resolve(tx.query('SELECT 1', [])));
    postgres.signal('SIGSTOP');
    const begun = performance.now();
    const failed = insert(proxied, 80);
    await expect(failed).rejects.toMatchObject({ reason: 'TIMEOUT', mayBeSaved: false });
    expect(performance.now() - begun).toBeLessThan(1_000);
    postgres.signal('SIGCONT');
    await insert(proxied);
    expect(await saved()).toEqual(['1']);
  });

  it('that waited too long for a pool gives the connection back when it comes', async () => {
    const pool = new Pool({ connectionString: postgres.url, max: 1 });
    toClose.push(() => pool.end());
    const client = await pool.connect();
    await expect(transact(fromPg(pool), async () => {}, 50)).rejects.toThrow('TIMEOUT');
    const { processID } = client as unknown as { processID: number };
    client.release();
    const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    expect(rows).toEqual([{ pid: processID }]);
  });

  it('fails, and nothing else does, on an executor that throws before it returns', async () => {
    const rejections: unknown[] = [];
    const onRejection = (error: unknown) => void rejections.push(error);
    process.on('unhandledRejection', onRejection);
    const executor = {
      transaction(): never {
        throw new Error('not connected yet');
      },
      inTransaction: (): never => {
        throw new Error('none');
      },
    };
    await expect(transact(executor, async () => {}, 20)).rejects.toThrow();
    await sleep(60);
    process.off('unhandledRejection', onRejection);
    expect(rejections).toEqual([]);
  });

  it('of one of several outboxes on a pool adds no listeners of its own', async () => {
    const pool = new Pool({ connectionString: postgres.url, max: 1 });
    toClose.push(() => pool.end());
    const executors = Array.from({ length: 12 }, () => fromPg(pool));
    for (const each of executors)
      await each.transaction((tx) => Promise.resolve(tx.query('SELECT 1', [])));
    expect(pool.listenerCount('connect')).toBe(1);
    const client = await pool.connect();
    expect(client.listenerCount('error')).toBeLessThan(4);
    client.release();
  });

  it('waits for locks, statements and its own process only for so long', async () => {
    const settings = ['lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout'];
    const set = await transact(executorAt(), async (tx) => {
      const values: unknown[] = [];
      for (const name of settings) values.push((await tx.query(`SHOW ${name}`, []))[0]?.[name]);
      return values;
    });
    expect(set).toEqual(['8s', '10s', '4s']);
  });
});

describe.each(Object.entries(POSTGRES_CLIENTS))('An error of %s', (_, open) => {
  it('is known by its SQLSTATE, and holds nothing of the job', async () => {
    const client = await open(postgres.url);
    toClose.push(() => client.close());
    const failing = (sql: string) =>
      transact(client.executor, async (tx) => tx.query(sql, ['ann@example.com']));
    for (const [sql, reason] of [
      ['SELECT CAST($1 AS bigint)', '22P02'],
      ['SELECT $1::text FROM nowhere', '42P01'],
    ] as const) {
      const error: unknown = await failing(sql).catch((given: unknown) => given);
      expect(error).toMatchObject({ reason, mayBeSaved: false });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('ann@example.com');
    }
  });

  it('is known as an outage if the server is away', async () => {
    const proxy = await TcpProxy.start(postgres.port);
    const client = await open(`postgres://postgres@127.0.0.1:${proxy.port}/postgres`);
    toClose.push(() => client.close());
    proxy.refuse();
    const failed = transact(client.executor, async (tx) => tx.query('SELECT 1', []));
    await expect(failed).rejects.toThrow("PostgreSQL can't be reached");
    proxy.retarget(postgres.port);
    await sleep(20);
    const rows = await transact(client.executor, async (tx) => tx.query('SELECT 1 AS one', []));
    expect(rows).toEqual([{ one: 1 }]);
  });
});
