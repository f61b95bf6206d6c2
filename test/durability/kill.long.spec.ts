import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakePartnero } from 'nestjs-partnero/testing';
import { KillRun, STEPS_BY_STAGE, type Step } from './kill-run.js';
import { stopBetweenTransactions } from './steps.js';
import {
  AppProcess,
  endAppProcesses,
  preloading,
  type AppProcessOptions,
} from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

let fake: FakePartnero;
let run: KillRun;

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann'] });
  run = new KillRun(temporaryFolder(), fake);
});

afterEach(async () => {
  await endAppProcesses();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

const NOTHING_WRONG = {
  lost: [],
  notQueued: [],
  doubled: [],
  discardedSent: [],
  endedTwice: [],
  unaccounted: 0,
};

async function killOnce(step: Step): Promise<void> {
  let isHit = false;
  for (let i = 0; i < 3 && !isHit; i += 1) isHit = await run.kill(step);
  expect([step, isHit]).toEqual([step, true]);
}

describe('kill -9', () => {
  it.each(Object.entries(STEPS_BY_STAGE))(
    'of an app that %s loses and doubles nothing, and sends nothing that was discarded (%j)',
    async (_, steps) => {
      for (const step of steps) await killOnce(step);
      expect(await run.check()).toMatchObject(NOTHING_WRONG);
    },
    90_000,
  );

  it('at any moment, with every commit on the disk, loses and doubles nothing', async () => {
    const full = new KillRun(temporaryFolder(), fake, { synchronous: 'full' });
    for (let i = 0; i < 5; i += 1) await full.kill('any moment');
    const found = await full.check();
    expect(found).toMatchObject(NOTHING_WRONG);
    expect(found.signedUp).toBeGreaterThan(50);
  }, 180_000);

  it('while Partnero carries a request out, and the response is lost, loses nothing', async () => {
    fake.misbehave({ type: 'hang', writes: true }, { on: 'POST /customers' });
    const app = await AppProcess.start(run.options());
    await run.load(app, { visitors: 5, each: 1 });
    await eventually(() => fake.requestsTo('POST /customers').length === 5);
    await app.end();
    fake.heal();
    expect(await run.check()).toMatchObject({ ...NOTHING_WRONG, atPartnero: 5, repeated: 5 });
  }, 120_000);

  it('while Partnero is down loses nothing', async () => {
    await fake.down();
    const app = await AppProcess.start(run.options());
    await run.load(app, { visitors: 10, each: 10 });
    await app.end();
    await fake.up();
    const all = { signedUp: 100, queued: 120, atPartnero: 100, refused: 20 };
    expect(await run.check()).toEqual({ ...NOTHING_WRONG, ...all, repeated: 0, refusedSent: 0 });
  }, 120_000);
});

describe('several processes on one file', () => {
  const start = (n: number) =>
    Promise.all(Array.from({ length: n }, () => AppProcess.start(run.options())));

  it('deliver together, each job once', async () => {
    const apps = await start(3);
    await Promise.all(apps.map((app) => run.load(app, { visitors: 5, each: 20 })));
    expect(await run.check()).toMatchObject({ ...NOTHING_WRONG, atPartnero: 300 });
    expect(fake.requestsTo('POST /customers')).toHaveLength(300);
  }, 120_000);

  it('take over from a killed one within seconds, and nothing from one that is alive', async () => {
    await fake.down();
    const [dying, living] = await start(3);
    await run.load(dying!, { visitors: 5, each: 4 });
    await run.load(living!, { visitors: 5, each: 4 });
    // For less than its lease.
    await stopBetweenTransactions(living!, run.options());
    await dying!.end();
    await fake.up();
    const started = performance.now();
    await eventually(() => fake.customers.length === 20, 8_000);
    await sleep(7_000 - (performance.now() - started));
    expect(fake.customers).toHaveLength(20);
    living!.signal('SIGCONT');
    expect(await run.check()).toMatchObject({ ...NOTHING_WRONG, atPartnero: 40 });
    expect(fake.requestsTo('POST /customers').filter(({ status }) => status > 0)).toHaveLength(40);
  }, 180_000);

  it('take over from one that stands still for longer than its lease, and share no end with it', async () => {
    fake.misbehave({ type: 'slow', ms: 300 });
    const [stopped, living] = await start(2);
    await run.load(stopped!, { visitors: 30, each: 1 });
    await eventually(() => fake.requestsTo('POST /customers').length >= 10);
    await stopBetweenTransactions(stopped!, run.options());
    await eventually(() => fake.customers.length === 30, 20_000);
    // They reach it before it has found out.
    const loading = run.load(stopped!, { visitors: 5, each: 5 });
    await sleep(50);
    stopped!.signal('SIGCONT');
    await loading;
    await eventually(() => fake.customers.length === 55);
    await Promise.all([stopped!.end('SIGTERM'), living!.end('SIGTERM')]);
    const found = await run.check();
    expect(found).toMatchObject({ ...NOTHING_WRONG, atPartnero: 55, refusedSent: 0 });
    // Those that were being sent, and as many again that it sends before it finds out.
    expect(found.repeated).toBeLessThanOrEqual(20);
  }, 180_000);

  it('lose nothing while some of them are killed and started again', async () => {
    const apps = await start(4);
    const loading = apps.map((app) => run.load(app, { visitors: 2, pauseMs: 10 }));
    for (let i = 0; i < 6; i += 1) {
      await sleep(50);
      const at = i % apps.length;
      await apps[at]!.end();
      apps[at] = await AppProcess.start(run.options());
      loading.push(run.load(apps[at], { visitors: 2, pauseMs: 10 }));
    }
    await Promise.all(apps.map((app) => app.end()));
    await Promise.all(loading);
    const found = await run.check();
    expect(found).toMatchObject(NOTHING_WRONG);
    expect(found.signedUp).toBeGreaterThan(100);
  }, 180_000);

  it('can start at once on a file that none of them has made', async () => {
    const apps = await start(4);
    await Promise.all(apps.map((app) => run.load(app, { visitors: 2, each: 5 })));
    expect(await run.check()).toMatchObject({ ...NOTHING_WRONG, queued: 48, atPartnero: 40 });
  }, 180_000);
});

describe('where the log cannot be synced', () => {
  it('an app queues, delivers and ends', async () => {
    const options = { ...run.options(), hooks: true };
    const app = await AppProcess.start(options, preloading('no-log-sync.cjs'));
    await run.load(app, { visitors: 2, each: 10 });
    const started = performance.now();
    await app.end('SIGTERM');
    expect(performance.now() - started).toBeLessThan(9_000);
    expect(await run.check()).toMatchObject({ ...NOTHING_WRONG, atPartnero: 20 });
  }, 120_000);
});

it('the write-ahead log is emptied each minute, though sign-ups never pause', async () => {
  const app = await AppProcess.start(run.options(), preloading('hurried-threads.cjs'));
  const loading = run.load(app, { visitors: 2 });
  const size = () => statSync(`${run.options().path}-wal`).size;
  let largest = 0;
  await eventually(() => {
    const now = size();
    largest = Math.max(largest, now);
    return now < largest;
  });
  await app.end();
  await loading;
});

describe('SIGTERM under load', () => {
  it.each<Partial<AppProcessOptions>>([
    { hooks: false },
    { hooks: true },
    { hooks: true, throwsIn: 'onModuleDestroy' },
    { hooks: true, throwsIn: 'beforeApplicationShutdown' },
    { hooks: true, throwsIn: 'onApplicationShutdown' },
  ])(
    'loses nothing (%j)',
    async (options) => {
      fake.misbehave({ type: 'slow', ms: 30 });
      const app = await AppProcess.start({ ...run.options(), ...options });
      const loading = run.load(app, { visitors: 10, each: 15, pauseMs: 20 });
      await sleep(100);
      await app.end('SIGTERM');
      await loading;
      expect(await run.check()).toMatchObject(NOTHING_WRONG);
    },
    30_000,
  );

  it('lets requests end that are being made, so that none is repeated', async () => {
    fake.heal();
    fake.misbehave({ type: 'slow', ms: 400 });
    const app = await AppProcess.start({ ...run.options(), hooks: true });
    await run.load(app, { visitors: 10, each: 1 });
    await eventually(() => fake.requestsTo('POST /customers').length === 10);
    const started = performance.now();
    await app.end('SIGTERM');
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(fake.requestsTo('POST /customers').map(({ status }) => status)).toEqual(
      Array.from({ length: 10 }, () => 201),
    );
    expect(await run.check()).toMatchObject({ ...NOTHING_WRONG, atPartnero: 10, repeated: 0 });
  }, 120_000);
});
