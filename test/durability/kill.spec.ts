import { FakePartnero } from 'nestjs-partnero/testing';
import { AppProcess, endAppProcesses, type AppProcessOptions } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { inOtherProcess } from '../support/sqlite-shell.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

let fake: FakePartnero;
let options: AppProcessOptions;
let answered: Set<string>;
let next = 0;

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann'] });
  const path = `${temporaryFolder()}/outbox.db`;
  options = { path, baseUrl: fake.baseUrl, apiKey: fake.apiKey };
  answered = new Set();
});

afterEach(async () => {
  await endAppProcesses();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

/** Visitors who sign up, one after the other each, until the app is gone. */
async function load(
  app: AppProcess,
  visitors: number,
  atMost = Infinity,
  pauseMs = 0,
): Promise<void> {
  const visitor = async () => {
    for (let i = 0; i < atMost; i += 1) {
      const id = `user-${(next += 1)}`;
      if (!(await app.signUp(id))) return;
      answered.add(id);
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
  await Promise.all(Array.from({ length: visitors }, visitor));
}

/** In the midst of a transaction it would keep SQLite's lock, and nobody could write. */
async function stopBetweenTransactions(app: AppProcess): Promise<void> {
  await eventually(() => {
    app.signal('SIGSTOP');
    try {
      return inOtherProcess(options.path, 'BEGIN IMMEDIATE; SELECT 1').rows.length === 1;
    } catch (error) {
      app.signal('SIGCONT');
      throw error;
    }
  });
}

/** Everybody who got an answer is at Partnero, once, and the numbers add up. */
async function expectNothingLost(app: AppProcess): Promise<void> {
  const stats = await eventually(async () => {
    const now = await app.stats();
    return now.pending === 0 && now;
  }, 20_000);
  const keys = fake.customers.map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  expect([...answered].filter((id) => !keys.includes(id))).toEqual([]);
  const { attributed = 0, already_registered = 0, discarded = 0 } = stats.outcomes;
  expect(attributed + already_registered + discarded + stats.dead).toBe(stats.accepted);
  expect(attributed + already_registered).toBe(keys.length);
}

describe('kill -9', () => {
  it.each(['normal', 'full'] as const)(
    'at any moment under load loses and doubles nothing (synchronous: %s)',
    async (synchronous) => {
      for (let kill = 0; kill < 5; kill += 1) {
        const app = await AppProcess.start({ ...options, synchronous });
        const before = answered.size;
        const loading = load(app, 10);
        await eventually(() => answered.size >= before + 20);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
        await app.end();
        await loading;
      }
      const app = await AppProcess.start({ ...options, synchronous });
      await expectNothingLost(app);
    },
    60_000,
  );

  it('while Partnero takes the request, and the answer is lost', async () => {
    fake.misbehave({ type: 'hang', writes: true }, { on: 'POST /customers' });
    const app = await AppProcess.start(options);
    await load(app, 5, 1);
    await eventually(() => fake.requestsTo('POST /customers').length === 5);
    await app.end();
    fake.heal();
    const again = await AppProcess.start(options);
    await expectNothingLost(again);
    expect((await again.stats()).outcomes).toEqual({ already_registered: 5 });
  }, 30_000);

  it('while Partnero is down', async () => {
    await fake.down();
    const app = await AppProcess.start(options);
    await load(app, 10, 10);
    expect(answered.size).toBe(100);
    await app.end();
    await fake.up();
    await expectNothingLost(await AppProcess.start(options));
    expect(fake.customers).toHaveLength(100);
  }, 30_000);
});

describe('several processes on one file', () => {
  it('deliver together, and each job once', async () => {
    const apps = await Promise.all([1, 2, 3].map(() => AppProcess.start(options)));
    await Promise.all(apps.map((app) => load(app, 5, 20)));
    await expectNothingLost(apps[0]!);
    expect(fake.requestsTo('POST /customers')).toHaveLength(300);
  }, 30_000);

  it('the living take over from the dead within seconds, and from nobody else', async () => {
    await fake.down();
    const [dying, stopped, living] = await Promise.all(
      [1, 2, 3].map(() => AppProcess.start(options)),
    );
    await load(dying!, 5, 4);
    await load(stopped!, 5, 4);
    // Stopped, it still lives: its jobs stay its own, whatever the clock says.
    await stopBetweenTransactions(stopped!);
    await dying!.end();
    await fake.up();
    await eventually(() => fake.customers.length >= 20, 20_000);
    stopped!.signal('SIGCONT');
    await expectNothingLost(living!);
    expect(fake.customers).toHaveLength(40);
  }, 60_000);
});

describe('SIGTERM under load', () => {
  it.each([true, false])(
    'loses nothing (shutdown hooks: %s)',
    async (hooks) => {
      fake.misbehave({ type: 'slow', ms: 30 });
      const app = await AppProcess.start({ ...options, hooks });
      const loading = load(app, 10, Infinity, 20);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await app.end('SIGTERM');
      await loading;
      fake.heal();
      await expectNothingLost(await AppProcess.start({ ...options, hooks }));
    },
    30_000,
  );
});
