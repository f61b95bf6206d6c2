import { setTimeout as sleep } from 'node:timers/promises';
import { sqliteOutbox } from 'nestjs-partnero';
import { bullmqOutbox } from 'nestjs-partnero/bullmq';
import type { SubmittedJob } from '#lib/outbox/job.js';
import { eventually } from '../support/eventually.js';
import { endRedisServers, freePort, RedisServer } from '../support/redis-server.js';
import { newJob, RunningEngine } from '../support/running-engine.js';
import { endProxies, TcpProxy } from '../support/tcp-proxy.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

let redis: RedisServer;
let proxy: TcpProxy;
let prefixes = 0;

beforeAll(async () => {
  redis = await RedisServer.start();
  proxy = await TcpProxy.start(redis.port);
});

beforeEach(() => {
  prefixes += 1;
});

afterEach(async () => {
  redis.signal('SIGCONT');
  proxy.retarget(redis.port);
  proxy.unmute();
  await RunningEngine.closeAll();
});

afterAll(async () => {
  await endProxies();
  await endRedisServers();
  removeTemporaryFolders();
});

const prefix = () => `away-${prefixes}`;
const newFile = () => `${temporaryFolder()}/outbox.db`;

interface Setup {
  /** Of Redis. */
  port?: number;
  /** Of the fallback. Default: no fallback. */
  file?: string;
  isWorker?: boolean;
}

async function open({ port = proxy.port, file, isWorker = true }: Setup = {}) {
  const app = await RunningEngine.open(
    bullmqOutbox({
      connection: { host: '127.0.0.1', port },
      prefix: prefix(),
      leaseMs: 1_000,
      fallback: file === undefined ? undefined : sqliteOutbox({ path: file }),
    }),
  );
  if (isWorker) app.start();
  return app;
}

async function timed<T>(work: Promise<T>): Promise<[result: T | Error, ms: number]> {
  const started = performance.now();
  const result = await work.catch((error: Error) => error);
  return [result, performance.now() - started];
}

const isIdle = (app: RunningEngine) =>
  eventually(async () => (await app.engine.stats()).pending === 0, 20_000);
const ifTaken = { same: 'duplicate', different: 'conflict', cancelled: 'refunded' };
const sale = (value: string, digest = '49.00'): SubmittedJob => ({
  ...newJob('a', { name: 'transaction' }),
  key: { value, digest, ifTaken },
});

describe('while Redis is away, without a fallback', () => {
  it('a job waits for a connection that is back after a moment', async () => {
    const app = await open();
    proxy.cut();
    // Until the app has noticed.
    await sleep(20);
    await app.add('a');
    await eventually(() => app.delivered.includes('a'));
  });

  it('a job is soon refused at once, and the storage is not ok until a write succeeds', async () => {
    const app = await open();
    proxy.refuse();
    await eventually(async () => (await timed(app.add('a')))[0] instanceof Error);
    await eventually(async () => {
      const [error, ms] = await timed(app.engine.enqueue(newJob('b')));
      expect(error).toMatchObject({ name: 'BullmqOutboxError', mayBeSaved: false });
      return ms < 50;
    });
    await expect(app.engine.stats()).rejects.toMatchObject({ name: 'BullmqOutboxError' });
    proxy.retarget(redis.port);
    await eventually(() => app.add('c'));
    expect((await app.engine.stats()).storage).toEqual({ ok: true, problem: null });
    await eventually(() => app.delivered.includes('c'));
  });

  it('a job waits for a Redis that stands still for a moment', async () => {
    const app = await open({ port: redis.port });
    redis.signal('SIGSTOP');
    const adding = Promise.all([app.add('a'), app.add('b'), app.engine.submit(newJob('c'))]);
    await sleep(700);
    redis.signal('SIGCONT');
    await adding;
    await eventually(() => app.delivered.length === 3);
  });

  it('a job is refused after some seconds if Redis stands still', async () => {
    const app = await open({ port: redis.port });
    redis.signal('SIGSTOP');
    const [error, ms] = await timed(app.engine.enqueue(newJob('a')));
    expect(error).toBeInstanceOf(Error);
    expect(ms).toBeLessThan(8_000);
    redis.signal('SIGCONT');
    await eventually(() => app.add('c'));
    await eventually(() => app.delivered.includes('c'));
    await isIdle(app);
    expect(app.delivered).toEqual(['c']);
  });

  it('a job may be saved though the response is lost', async () => {
    const app = await open();
    await app.add('first');
    await isIdle(app);
    proxy.holdBack('lost-payload');
    const submitting = timed(app.engine.submit(newJob('a', { payload: 'lost-payload' })));
    await eventually(() => proxy.hasCaught);
    proxy.refuse();
    const [error] = await submitting;
    expect(error).toMatchObject({ reason: 'timeout', mayBeSaved: true });
    proxy.retarget(redis.port);
    proxy.letThrough();
    await eventually(() => app.delivered.includes('a'));
  });

  it('the app starts, says so once, and works when Redis comes', async () => {
    const port = await freePort();
    const app = await open({ port });
    for (let i = 0; i < 5; i += 1) await timed(app.add('a'));
    expect(app.lines.filter((line) => line.includes('ECONNREFUSED'))).toHaveLength(1);
    const late = await RedisServer.startOn(port);
    await eventually(() => app.add('a'));
    await eventually(() => app.delivered.length > 0);
    await app.close();
    await late.end();
  });

  it('the app ends without waiting for Redis', async () => {
    const app = await open({ port: redis.port });
    await app.engine.enqueue(newJob('held'));
    redis.signal('SIGSTOP');
    const [, ms] = await timed(app.close());
    expect(ms).toBeLessThan(6_000);
  });
});

describe('while Redis is away, with a fallback', () => {
  it('jobs are saved in the fallback in time, and delivered once Redis is back', async () => {
    const app = await open({ file: newFile() });
    await app.add('before');
    await isIdle(app);
    proxy.refuse();
    const times: number[] = [];
    for (let i = 0; i < 5; i += 1) times.push((await timed(app.add(`${i}`)))[1]);
    expect(Math.max(...times)).toBeLessThan(500);
    await sleep(100);
    expect(app.delivered).toEqual(['before']);
    proxy.retarget(redis.port);
    await eventually(() => app.delivered.length === 6);
    await isIdle(app);
    expect(await app.engine.stats()).toMatchObject({
      queued: 6,
      outcomes: { attributed: 6 },
      jobs: { attribution: { queued: 6 } },
      storage: { ok: true },
    });
    expect(await app.engine.find('3')).toMatchObject([{ state: 'completed' }]);
  });

  it('jobs are saved in the fallback if Redis stands still, and each is delivered once', async () => {
    const app = await open({ port: redis.port, file: newFile() });
    redis.signal('SIGSTOP');
    const [first, ms] = await timed(app.add('first'));
    expect(first).toEqual(expect.any(String));
    expect(ms).toBeLessThan(500);
    expect((await timed(app.add('second')))[1]).toBeLessThan(100);
    redis.signal('SIGCONT');
    await eventually(() => app.delivered.length === 2);
    await isIdle(app);
    await sleep(100);
    expect(app.delivered.toSorted()).toEqual(['first', 'second']);
  });

  it('a job whose response was lost is saved in both places and delivered once', async () => {
    const app = await open({ file: newFile() });
    proxy.mute();
    await app.add('a');
    proxy.unmute();
    await eventually(() => app.delivered.length === 1);
    await isIdle(app);
    await sleep(1_200);
    expect(app.delivered).toEqual(['a']);
    expect(await app.engine.stats()).toMatchObject({ queued: 1, outcomes: { attributed: 1 } });
  });

  it('a held job in the fallback is discarded for good, though Redis may have it too', async () => {
    const app = await open({ file: newFile() });
    proxy.mute();
    const id = await app.engine.enqueue(newJob('a'));
    const discarding = app.engine.discard(id);
    proxy.unmute();
    expect(await discarding).toBe(true);
    await sleep(1_500);
    expect(app.delivered).toEqual([]);
    await isIdle(app);
    expect(await app.engine.stats()).toMatchObject({ queued: 1, outcomes: { discarded: 1 } });
  });

  it('a held job in Redis is discarded once Redis is back, if nobody took it in the meantime', async () => {
    const app = await open({ port: redis.port, file: newFile() });
    const id = await app.engine.enqueue(newJob('a'));
    redis.signal('SIGSTOP');
    const discarding = app.engine.discard(id);
    await sleep(200);
    redis.signal('SIGCONT');
    expect(await discarding).toBe(true);
    await sleep(1_500);
    expect(app.delivered).toEqual([]);
  });

  it('a job in the fallback that is never released counts as released when its process is gone', async () => {
    const file = newFile();
    const app = await open({ file });
    proxy.refuse();
    await app.engine.enqueue(newJob('held'));
    await app.add('released');
    await app.close();
    proxy.retarget(redis.port);
    const next = await open({ file });
    await eventually(() => next.delivered.length === 2);
  });

  it('a sale waits for its sign-up that another process holds in the file', async () => {
    const file = newFile();
    const [one, other] = [await open({ file, isWorker: false }), await open({ file })];
    const names: string[] = [];
    other.respond = ({ name }) => {
      names.push(name);
      return { type: 'completed', outcome: 'attributed' };
    };
    proxy.refuse();
    await eventually(async () => (await timed(other.engine.submit(sale('x'))))[1] < 5_000);
    const held = await one.engine.enqueue(newJob('a'));
    for (let i = 0; i < 20; i += 1) await other.add(`other ${i}`);
    await sleep(1_100);
    proxy.retarget(redis.port);
    await eventually(() => other.delivered.length >= 20);
    await other.engine.submit(sale('inv-1'));
    await sleep(300);
    expect(other.delivered).not.toContain('a');
    one.engine.release(held);
    await isIdle(other);
    expect(names.slice(-2)).toEqual(['attribution', 'transaction']);
  });

  it('an erasure discards what waits in the file, unsent', async () => {
    const app = await open({ file: newFile() });
    proxy.refuse();
    await app.add('a');
    const erasure = { ...newJob('a', { name: 'erasure' }), overrides: true };
    await app.engine.submit(erasure);
    proxy.retarget(redis.port);
    await eventually(() => app.delivered.length > 0);
    await isIdle(app);
    expect(app.delivered).toHaveLength(1);
    expect((await app.engine.stats()).outcomes).toMatchObject({ discarded: 1 });
  });

  it('the jobs of a customer keep their order', async () => {
    const app = await open({ file: newFile() });
    proxy.refuse();
    const signUp = await app.engine.enqueue(newJob('a', { payload: 'sign-up' }));
    await app.engine.submit(newJob('a', { payload: 'sale 1' }));
    app.engine.release(signUp);
    const payloads: string[] = [];
    app.respond = ({ payload }) => {
      payloads.push(payload);
      return { type: 'completed', outcome: 'attributed' };
    };
    proxy.retarget(redis.port);
    for (const n of [2, 3, 4]) {
      await app.engine.submit(newJob('a', { payload: `sale ${n}` }));
      await sleep(50);
    }
    await eventually(() => payloads.length === 5);
    expect(payloads).toEqual(['sign-up', 'sale 1', 'sale 2', 'sale 3', 'sale 4']);
  });

  it('a sale that was recorded twice, once in each place, takes effect once', async () => {
    const app = await open({ file: newFile() });
    expect((await app.engine.submit(sale('inv-1'))).outcome).toBeNull();
    await isIdle(app);
    proxy.refuse();
    expect((await app.engine.submit(sale('inv-1'))).outcome).toBeNull();
    expect((await app.engine.submit(sale('inv-1', '50.00'))).outcome).toBeNull();
    expect((await app.engine.submit(sale('inv-2'))).outcome).toBeNull();
    proxy.retarget(redis.port);
    await isIdle(app);
    expect(app.delivered).toHaveLength(2);
    const { transaction } = (await app.engine.stats()).jobs;
    expect(transaction!.outcomes).toEqual({ attributed: 2, duplicate: 1, conflict: 1 });
    expect(Object.keys((await app.engine.stats()).jobs)).toEqual(['transaction']);
  });

  it('a sale whose response was lost is no duplicate of itself', async () => {
    const app = await open({ file: newFile() });
    proxy.mute();
    expect((await app.engine.submit(sale('inv-1'))).outcome).toBeNull();
    proxy.unmute();
    await eventually(() => app.delivered.length === 1);
    await isIdle(app);
    const { outcomes } = await app.engine.stats();
    expect(outcomes).toEqual({ attributed: 1 });
  });

  it('what an app queued in the file before it used BullMQ is delivered too', async () => {
    const file = newFile();
    const before = await RunningEngine.open(sqliteOutbox({ path: file }));
    await before.add('old');
    await before.close();
    const app = await open({ file });
    await eventually(() => app.delivered.includes('old'));
  });

  it('a job that another app of the same file enqueued is found, counted and forgotten', async () => {
    const app = await open({ file: newFile(), isWorker: false });
    proxy.refuse();
    await app.add('a');
    await app.add('a');
    proxy.retarget(redis.port);
    await eventually(async () => (await app.engine.find('a')).length === 2);
    await eventually(async () => {
      const { queued, pending } = await app.engine.stats();
      return queued === 2 && pending === 2;
    });
    await eventually(async () => (await app.engine.forget('a')).inFlight === 0);
    expect(await app.engine.find('a')).toEqual([]);
    expect(await app.engine.stats()).toMatchObject({ pending: 0 });
  });
});

describe('a connection that breaks', () => {
  it('loses no job, and delivers none twice, while jobs are being sent', async () => {
    const app = await open();
    let cuts = 0;
    app.respond = async () => {
      await sleep(20);
      return { type: 'completed', outcome: 'attributed' };
    };
    const cutting = setInterval(() => {
      cuts += 1;
      proxy.cut();
    }, 60);
    const labels = Array.from({ length: 40 }, (_, n) => `${n}`);
    for (const label of labels) {
      await eventually(() => app.add(label));
      await sleep(5);
    }
    clearInterval(cutting);
    await isIdle(app);
    expect(cuts).toBeGreaterThan(3);
    expect([...new Set(app.delivered)].toSorted()).toEqual(labels.toSorted());
    expect((await app.engine.stats()).dead).toBe(0);
  });

  it('is replaced when Redis becomes a replica', async () => {
    const before = await RedisServer.start();
    const way = await TcpProxy.start(before.port);
    const app = await open({ port: way.port });
    await app.add('1');
    await isIdle(app);
    const next = await RedisServer.start('--replicaof', '127.0.0.1', String(before.port));
    await next.waitUntilInSync();
    await next.waitForAllOf(before);
    await next.ask((client) => client.replicaof('NO', 'ONE'));
    way.redirect(next.port);
    await before.ask((client) => client.replicaof('127.0.0.1', String(next.port)));
    await eventually(() => app.add('2'));
    await eventually(() => app.delivered.includes('2'));
  });

  it('to a Redis that has forgotten its scripts teaches them again', async () => {
    const app = await open();
    await app.add('1');
    await isIdle(app);
    await redis.ask((client) => client.script('FLUSH'));
    await app.add('2');
    await eventually(() => app.delivered.includes('2'));
  });
});

it('a Redis whose memory is full refuses jobs, and says why', async () => {
  const full = await RedisServer.start('--maxmemory', '3mb', '--maxmemory-policy', 'noeviction');
  const app = await open({ port: full.port });
  await full
    .ask(async (client) => {
      for (let i = 0; i < 1_000; i += 1) await client.set(`fill-${i}`, 'x'.repeat(10_000));
    })
    .catch(() => {});
  const [error] = await timed(app.add('a'));
  expect(error).toMatchObject({ reason: 'OOM', mayBeSaved: false });
  const { storage } = await app.engine.stats();
  expect(storage).toMatchObject({ ok: false, problem: expect.stringContaining('OOM') });
  await full.ask((client) => client.flushall());
  await app.add('b');
  await eventually(() => app.delivered.includes('b'));
  await app.close();
  await full.end();
});
