import { postgresOutbox } from 'nestjs-partnero/postgres';
import { eventually } from '../support/eventually.js';
import { POSTGRES_CLIENTS } from '../support/postgres-clients.js';
import { endPostgresServers, PostgresServer } from '../support/postgres-server.js';
import { newJob, RunningEngine } from '../support/running-engine.js';
import { endProxies, TcpProxy } from '../support/tcp-proxy.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

let postgres: PostgresServer;
let schemas = 0;
const toClose: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  postgres = await PostgresServer.start();
});

afterEach(async () => {
  await RunningEngine.closeAll();
  for (const close of toClose.splice(0)) await close();
  await endProxies();
});

afterAll(async () => {
  await endPostgresServers();
  removeTemporaryFolders();
});

const schema = () => `outbox_${(schemas += 1)}`;
const openOwn = () =>
  RunningEngine.open(postgresOutbox({ connectionString: postgres.url, schema: schema() }));

interface Adding {
  readonly acknowledged: readonly string[];
  stop(): Promise<readonly string[]>;
}

/** Keeps adding jobs until it is told to stop; then resolves with those that were acknowledged. */
function addEndlessly(on: RunningEngine, longest = { ms: 0 }): Adding {
  const acknowledged: string[] = [];
  let next = 0;
  const adding = { isStopped: false };
  const one = async () => {
    while (!adding.isStopped) {
      const key = `${(next += 1)}`;
      const begun = performance.now();
      await on.add(key).then(
        () => acknowledged.push(key),
        () => new Promise((resolve) => setTimeout(resolve, 5)),
      );
      longest.ms = Math.max(longest.ms, performance.now() - begun);
    }
  };
  const all = Promise.all(Array.from({ length: 4 }, one));
  return {
    acknowledged,
    async stop() {
      adding.isStopped = true;
      await all;
      return acknowledged;
    },
  };
}

async function expectAllDelivered(on: RunningEngine, acknowledged: readonly string[]) {
  await eventually(async () => (await on.engine.stats()).pending === 0, 40_000);
  const { queued, pending, dead, outcomes } = await on.engine.stats();
  expect(queued).toBe(pending + dead + Object.values(outcomes).reduce((sum, n) => sum + n, 0));
  expect(acknowledged.filter((key) => !on.delivered.includes(key))).toEqual([]);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.each(Object.entries(POSTGRES_CLIENTS))('Through %s', (_, connect) => {
  it('nothing is lost while connections end all the time', async () => {
    const client = await connect(postgres.url);
    toClose.push(() => client.close());
    const { executor } = client;
    const on = await RunningEngine.open(postgresOutbox({ executor, schema: schema() }));
    on.start();
    const adding = addEndlessly(on);
    await postgres.ask(async (operator) => {
      for (let i = 0; i < 40 || adding.acknowledged.length < 20; i += 1) {
        await operator.query(
          'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() ' +
            "AND backend_type = 'client backend'",
        );
        // On a busy machine, no transaction takes less.
        await pause(i < 40 ? 20 : 100);
      }
    });
    const acknowledged = await adding.stop();
    await expectAllDelivered(on, acknowledged);
  });
});

describe('PostgreSQL', () => {
  it('may commit and lose the reply: the job is saved once, and delivered', async () => {
    const proxy = await TcpProxy.start(postgres.port);
    const url = new URL(postgres.url);
    url.port = String(proxy.port);
    const definition = postgresOutbox({ connectionString: url.href, schema: schema() });
    const on = await RunningEngine.open(definition);
    on.start();
    for (const key of ['held', 'submitted']) {
      proxy.loseAnswer('COMMIT');
      if (key === 'held') await on.add(key);
      else await on.engine.submit(newJob(key));
      await eventually(() => on.delivered.includes(key));
    }
    await expectAllDelivered(on, ['held', 'submitted']);
    expect((await on.engine.stats()).queued).toBe(2);
    expect(on.delivered).toHaveLength(2);
  });

  it('may crash and start again: what was acknowledged is delivered, and the outage is said', async () => {
    const on = await openOwn();
    on.start();
    const longest = { ms: 0 };
    const adding = addEndlessly(on, longest);
    await pause(100);
    await postgres.end();
    await eventually(async () => {
      const { storage } = await on.engine.stats().catch(() => ({ storage: { ok: false } }));
      return !storage.ok;
    });
    await pause(100);
    await postgres.begin();
    await pause(100);
    await expectAllDelivered(on, await adding.stop());
    expect((await on.engine.stats()).storage).toEqual({ ok: true, problem: null });
    expect(on.lines.join()).toMatch(/PostgreSQL (can't be reached|is starting or stopping)/);
    expect(longest.ms).toBeLessThan(15_000);
  });

  it('may be read-only for a while, as after a failover', async () => {
    const on = await openOwn();
    on.start();
    const adding = addEndlessly(on);
    const setReadOnly = (value: 'on' | 'off') =>
      postgres.ask(async (operator) => {
        await operator.query('SET default_transaction_read_only = off');
        await operator.query(
          `ALTER DATABASE postgres SET default_transaction_read_only = ${value}`,
        );
        if (value === 'off') return;
        await operator.query(
          'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() ' +
            "AND backend_type = 'client backend'",
        );
      });
    await setReadOnly('on');
    await eventually(async () => /25006/.test((await on.engine.stats()).storage.problem ?? ''));
    await setReadOnly('off');
    await pause(100);
    await expectAllDelivered(on, await adding.stop());
  });

  it('may hang for a while', async () => {
    const on = await openOwn();
    on.start();
    const adding = addEndlessly(on);
    await pause(100);
    postgres.signal('SIGSTOP');
    await pause(1_000);
    postgres.signal('SIGCONT');
    await expectAllDelivered(on, await adding.stop());
  });

  it('may be away for longer than a lease: a process that starts then takes over from none', async () => {
    const definition = postgresOutbox({ connectionString: postgres.url, schema: schema() });
    const other = await RunningEngine.open(definition);
    const held = await other.engine.enqueue(newJob('held'));
    // As if it ran on another host, and PostgreSQL had been away for that long.
    await postgres.ask((operator) =>
      operator.query(`UPDATE outbox_${schemas}.owners SET seen_at = seen_at - 60000, host = 'b'`),
    );
    (await RunningEngine.open(definition)).start();
    expect(await other.engine.discard(held)).toBe(true);
  });
});
