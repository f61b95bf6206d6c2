import { postgresOutbox, type PostgresExecutor } from 'nestjs-partnero/postgres';
import { eventually } from '../support/eventually.js';
import { POSTGRES_CLIENTS, type ConnectedClient } from '../support/postgres-clients.js';
import { endPostgresServers, PostgresServer } from '../support/postgres-server.js';
import { newJob, RunningEngine } from '../support/running-engine.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

let postgres: PostgresServer;
let schemas = 0;

beforeAll(async () => {
  postgres = await PostgresServer.start();
});

afterEach(() => RunningEngine.closeAll());

afterAll(async () => {
  await endPostgresServers();
  removeTemporaryFolders();
});

const nextSchema = () => `outbox_${(schemas += 1)}`;

describe.each(Object.entries(POSTGRES_CLIENTS))('The outbox through %s', (_, connect) => {
  let client: ConnectedClient;

  beforeAll(async () => {
    client = await connect(postgres.url);
  });

  afterAll(() => client.close());

  const open = (executor: PostgresExecutor = client.executor) =>
    RunningEngine.open(postgresOutbox({ executor, schema: nextSchema() }));

  it('delivers, retries, requeues, finds and forgets jobs, and counts them', async () => {
    const on = await open();
    const { engine } = on;
    const attempts = new Map<string, number>();
    on.respond = ({ orderingKey }) => {
      const n = (attempts.get(orderingKey) ?? 0) + 1;
      attempts.set(orderingKey, n);
      const fails = n === 1 && Number(orderingKey) % 2 === 0;
      if (fails) return { type: 'retry', reason: 'HTTP 500', jobOnly: true };
      return { type: 'completed', outcome: 'attributed', detail: { partner: 'ann' } };
    };
    on.start();
    await Promise.all(Array.from({ length: 30 }, (__, i) => on.add(`${i}`)));
    const discarded = await engine.enqueue(newJob('discarded'));
    expect(await engine.discard(discarded)).toBe(true);
    await eventually(async () => (await engine.stats()).pending === 0);
    expect(await engine.stats()).toMatchObject({
      queued: 31,
      dead: 0,
      outcomes: { attributed: 30, discarded: 1 },
      storage: { ok: true },
    });
    expect(await engine.find('4')).toMatchObject([
      { state: 'completed', outcome: 'attributed', attempts: 1, detail: { partner: 'ann' } },
    ]);
    expect(await engine.forget('4')).toEqual({ forgotten: 1, inFlight: 0 });
    expect(await engine.find('4')).toEqual([]);
  });

  it('keeps what takes effect once, dead letters, and the id of the program', async () => {
    const on = await open();
    const { engine } = on;
    const ifTaken = { same: 'duplicate', different: 'conflict', cancelled: 'refunded' };
    const sale = (digest: string) =>
      engine.submit({ ...newJob('ann'), name: 'sale', key: { value: 'inv-1', digest, ifTaken } });
    expect((await sale('49.00')).outcome).toBeNull();
    expect((await sale('49.00')).outcome).toBe('duplicate');
    expect((await sale('59.00')).outcome).toBe('conflict');
    on.respond = () => ({ type: 'retry', reason: 'HTTP 500', jobOnly: true });
    on.start({ maxAgeMs: 0 });
    await eventually(async () => (await engine.stats()).dead === 1);
    for await (const letter of engine.deadLetters()) {
      expect(letter).toMatchObject({ state: 'dead', jobName: 'sale', reason: 'HTTP 500' });
      expect(letter.endedAt!.getTime()).toBeLessThanOrEqual(Date.now() + 1_000);
    }
    on.respond = () => ({ type: 'completed', outcome: 'recorded' });
    expect(await engine.requeue({ customerKey: 'ann' })).toBe(1);
    await eventually(async () => (await engine.stats()).outcomes['recorded'] === 1);
    expect(await engine.programId()).toBeNull();
    await engine.saveProgramId('prg_1');
    expect(await engine.programId()).toBe('prg_1');
  });

  it('counts a dead letter that historyDays removed as discarded', async () => {
    const definition = postgresOutbox({ executor: client.executor, schema: nextSchema() });
    const on = new RunningEngine(definition, 'default', 0);
    await on.engine.open();
    on.respond = () => ({ type: 'retry', reason: 'HTTP 500', jobOnly: true });
    on.start({ maxAgeMs: 0 });
    await on.add('ann');
    await eventually(async () => (await on.engine.stats()).dead === 1);
    const restarted = new RunningEngine(definition, 'default', 0);
    await restarted.engine.open();
    await eventually(async () => (await restarted.engine.find('ann')).length === 0);
    expect(await restarted.engine.stats()).toMatchObject({
      queued: 1,
      pending: 0,
      dead: 0,
      outcomes: { discarded: 1 },
    });
  });

  it('takes keys of several kilobytes', async () => {
    const on = await open();
    on.start();
    const key = Array.from({ length: 600 }, () => Math.random().toString(36)).join('');
    await on.add(key);
    await eventually(() => on.delivered.length === 1);
    expect(on.delivered).toEqual([key]);
    expect(await on.engine.find(key)).toMatchObject([{ customerKey: key }]);
  });

  describe('joins a transaction of the app', () => {
    const enqueueIn = ({ engine }: RunningEngine, transaction: unknown, key: string) =>
      engine.enqueueIn!(transaction, newJob(key));

    it('and delivers after the commit', async () => {
      const on = await open();
      on.start();
      await client.inTransaction(async (transaction) => {
        await enqueueIn(on, transaction, '1');
        expect(await on.engine.stats()).toMatchObject({ queued: 0 });
      });
      await eventually(() => on.delivered.length === 1);
      expect(await on.engine.stats()).toMatchObject({ queued: 1 });
    });

    it('which goes on without the job if that could not be saved', async () => {
      const on = await open();
      on.start();
      await client.inTransaction(async (transaction) => {
        const all = ['1', '2', 'NUL \0', '3'].map((key) => enqueueIn(on, transaction, key));
        const results = await Promise.allSettled(all);
        const states = results.map(({ status }) => status);
        expect(states).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
      });
      await eventually(() => on.delivered.length === 3);
      expect(on.delivered.toSorted()).toEqual(['1', '2', '3']);
    });

    it('that never ends without holding up others, not even of the same customer', async () => {
      const on = await open();
      on.start();
      await client.inTransaction(async (transaction) => {
        await enqueueIn(on, transaction, '1');
        await on.add('1');
        await on.add('2');
        await eventually(() => on.delivered.length === 2);
      });
      await eventually(() => on.delivered.length === 3);
    });

    it('but not the client itself, and says what to pass', async () => {
      const on = await open();
      for (const given of Object.values(client.clients)) {
        const refused = enqueueIn(on, given, '1');
        await expect(refused).rejects.toThrow(/^transaction must be the .*NOT_A_TRANSACTION/);
      }
      expect(await on.engine.stats()).toMatchObject({ queued: 0 });
    });
  });
});

describe('A client of pg that has not begun a transaction', () => {
  it('is refused, and says so', async () => {
    const client = await POSTGRES_CLIENTS['pg']!(postgres.url);
    const { executor } = client;
    const on = await RunningEngine.open(postgresOutbox({ executor, schema: nextSchema() }));
    await client.inTransaction(async (transaction) => {
      await (transaction as { query(sql: string): Promise<unknown> }).query('COMMIT');
      const refused = on.engine.enqueueIn!(transaction, newJob('1'));
      await expect(refused).rejects.toThrow('in a transaction that has begun');
    });
    expect(await on.engine.stats()).toMatchObject({ queued: 0 });
    await RunningEngine.closeAll();
    await client.close();
  });
});
