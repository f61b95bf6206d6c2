import { statSync } from 'node:fs';
import { FakePartnero } from 'nestjs-partnero/testing';
import { KillRun, STEPS } from './kill-run.js';
import {
  AppProcess,
  endAppProcesses,
  preloading,
  type AppProcessOptions,
} from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { inOtherProcess } from '../support/sqlite-shell.js';
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

const NOTHING_LOST = { lost: [], doubled: [], unaccounted: 0 };

/** In the midst of a transaction it would keep SQLite's lock, and nobody could write. */
async function stopBetweenTransactions(app: AppProcess): Promise<void> {
  await eventually(() => {
    app.signal('SIGSTOP');
    try {
      return inOtherProcess(run.options().path, 'BEGIN IMMEDIATE; SELECT 1').rows.length === 1;
    } catch (error) {
      app.signal('SIGCONT');
      throw error;
    }
  });
}

describe('kill -9', () => {
  it.each(STEPS)(
    'in the step "%s" loses and doubles nothing',
    async (step) => {
      let hits = 0;
      for (let i = 0; i < 3 && hits === 0; i += 1) hits += Number(await run.kill(step));
      expect(hits).toBe(1);
      expect(await run.check()).toMatchObject(NOTHING_LOST);
    },
    60_000,
  );

  it('at any moment, with every commit on the disk, loses and doubles nothing', async () => {
    const full = new KillRun(temporaryFolder(), fake, { synchronous: 'full' });
    for (let i = 0; i < 5; i += 1) await full.kill('any moment');
    const found = await full.check();
    expect(found).toMatchObject(NOTHING_LOST);
    expect(found.answered).toBeGreaterThan(50);
  }, 60_000);

  it('while Partnero takes the request, and the answer is lost', async () => {
    fake.misbehave({ type: 'hang', writes: true }, { on: 'POST /customers' });
    const app = await AppProcess.start(run.options());
    await run.load(app, { visitors: 5, each: 1 });
    await eventually(() => fake.requestsTo('POST /customers').length === 5);
    await app.end();
    fake.heal();
    expect(await run.check()).toMatchObject({ ...NOTHING_LOST, atPartnero: 5, repeated: 5 });
  }, 30_000);

  it('while Partnero is down', async () => {
    await fake.down();
    const app = await AppProcess.start(run.options());
    await run.load(app, { visitors: 10, each: 10 });
    await app.end();
    await fake.up();
    const all = { answered: 100, accepted: 100, atPartnero: 100 };
    expect(await run.check()).toEqual({ ...NOTHING_LOST, ...all, repeated: 0 });
  }, 30_000);
});

describe('several processes on one file', () => {
  const start = (n: number) =>
    Promise.all(Array.from({ length: n }, () => AppProcess.start(run.options())));

  it('deliver together, and each job once', async () => {
    const apps = await start(3);
    await Promise.all(apps.map((app) => run.load(app, { visitors: 5, each: 20 })));
    expect(await run.check()).toMatchObject({ ...NOTHING_LOST, atPartnero: 300 });
    expect(fake.requestsTo('POST /customers')).toHaveLength(300);
  }, 30_000);

  it('the living take over from the dead within seconds, and from nobody else', async () => {
    await fake.down();
    const [dying, stopped] = await start(3);
    await run.load(dying!, { visitors: 5, each: 4 });
    await run.load(stopped!, { visitors: 5, each: 4 });
    // Stopped, it still lives: its jobs stay its own, whatever the clock says.
    await stopBetweenTransactions(stopped!);
    await dying!.end();
    await fake.up();
    await eventually(() => fake.customers.length >= 20, 20_000);
    stopped!.signal('SIGCONT');
    expect(await run.check()).toMatchObject({ ...NOTHING_LOST, atPartnero: 40 });
  }, 60_000);

  it('go on while some of them are killed and started again', async () => {
    const apps = await start(4);
    const loading = apps.map((app) => run.load(app, { visitors: 2, pauseMs: 10 }));
    for (let i = 0; i < 6; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      const at = i % apps.length;
      await apps[at]!.end();
      apps[at] = await AppProcess.start(run.options());
      loading.push(run.load(apps[at], { visitors: 2, pauseMs: 10 }));
    }
    await Promise.all(apps.map((app) => app.end()));
    await Promise.all(loading);
    const found = await run.check();
    expect(found).toMatchObject(NOTHING_LOST);
    expect(found.answered).toBeGreaterThan(100);
  }, 60_000);

  it('boot at once on a file that none of them has made', async () => {
    const apps = await start(4);
    await Promise.all(apps.map((app) => run.load(app, { visitors: 2, each: 5 })));
    expect(await run.check()).toMatchObject({ ...NOTHING_LOST, accepted: 40, atPartnero: 40 });
  }, 60_000);
});

describe('without the thread that looks after the log', () => {
  it('an app accepts, delivers and ends', async () => {
    const options = { ...run.options(), hooks: true };
    const app = await AppProcess.start(options, preloading('no-wal-keeper.cjs'));
    await run.load(app, { visitors: 2, each: 10 });
    const started = performance.now();
    await app.end('SIGTERM');
    expect(performance.now() - started).toBeLessThan(9_000);
    expect(await run.check()).toMatchObject({ ...NOTHING_LOST, atPartnero: 20 });
  }, 30_000);
});

it('the log is emptied each hour, though sign-ups never pause', async () => {
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
      await new Promise((resolve) => setTimeout(resolve, 100));
      await app.end('SIGTERM');
      await loading;
      expect(await run.check()).toMatchObject(NOTHING_LOST);
    },
    30_000,
  );

  it('lets end what is under way, and is not asked twice', async () => {
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
    expect(await run.check()).toMatchObject({ ...NOTHING_LOST, atPartnero: 10, repeated: 0 });
  }, 30_000);
});
