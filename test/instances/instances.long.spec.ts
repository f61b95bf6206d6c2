import { setTimeout as sleep } from 'node:timers/promises';
import { FakePartnero } from 'nestjs-partnero/testing';
import { endAppProcesses } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { endPostgresServers } from '../support/postgres-server.js';
import { endRedisServers } from '../support/redis-server.js';
import { endProxies } from '../support/tcp-proxy.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { InstancesRun, NOTHING_LOST } from './instances-run.js';
import { SharedPostgres, SharedRedis, type SharedServer } from './shared-server.js';

const LONG = 90_000;

describe.each<[string, { start(): Promise<SharedServer> }]>([
  ['BullMQ', SharedRedis],
  ['PostgreSQL', SharedPostgres],
])('app instances on %s', (_, Server) => {
  let server: SharedServer;
  let fake: FakePartnero;
  let run: InstancesRun;

  beforeAll(async () => {
    server = await Server.start();
  });

  beforeEach(async () => {
    fake = await FakePartnero.start({ partners: ['ann'] });
    run = new InstancesRun(server.newStore(), fake, temporaryFolder());
  });

  afterEach(async () => {
    await endAppProcesses();
    await fake.stop();
  });

  afterAll(async () => {
    await endProxies();
    await endRedisServers();
    await endPostgresServers();
    removeTemporaryFolders();
  });

  const requests = () => fake.requestsTo('POST /customers');

  it('deliver together, and each job once', async () => {
    const apps = await run.startSome(2);
    await Promise.all(apps.map((app) => run.load(app)));
    expect(await run.check()).toEqual({ ...NOTHING_LOST, signedUp: 200, queued: 200 });
    expect(requests()).toHaveLength(200);
  });

  it('take over the jobs of an instance that is killed, within seconds', async () => {
    await fake.down();
    const [dying, living] = await run.startSome(2);
    await run.load(dying!, { visitors: 5, each: 4 });
    await dying!.end();
    const died = performance.now();
    await fake.up();
    await eventually(() => fake.customers.length === 20, 30_000);
    expect(performance.now() - died).toBeLessThan(server.takeOverMs);
    await living!.end();
    expect(await run.check()).toMatchObject({ ...NOTHING_LOST, signedUp: 20 });
  });

  it('take over no job of an instance that lives, however long its deliveries take', async () => {
    fake.misbehave({ type: 'slow', ms: 4_000 });
    const apps = await run.startSome(2);
    // In all, the deliveries take longer than a lease.
    await run.load(apps[0]!, { visitors: 10, each: 3 });
    expect(await run.checkOn(apps)).toMatchObject({ ...NOTHING_LOST, signedUp: 30 });
    expect(requests()).toHaveLength(30);
  });

  it(
    'lose nothing while some of them are killed and started again',
    async () => {
      fake.misbehave({ type: 'slow', ms: 5 });
      // A response that leaves before the sign-up is saved promises nothing: here, none does.
      const settings = { acceptTimeoutMs: 30_000 };
      const apps = await run.startSome(2, settings);
      const loading = apps.map((app) => run.load(app, { visitors: 3, each: 1_000, pauseMs: 5 }));
      for (let i = 0; i < 6; i += 1) {
        await sleep(50);
        const at = i % apps.length;
        await apps[at]!.end();
        apps[at] = await run.start(settings);
        loading.push(run.load(apps[at], { visitors: 3, each: 1_000, pauseMs: 5 }));
      }
      await Promise.all(apps.map((app) => app.end()));
      await Promise.all(loading);
      expect(await run.check()).toMatchObject(NOTHING_LOST);
      expect(run.signedUp.size).toBeGreaterThan(100);
    },
    LONG,
  );

  it(
    'double nothing when one of them stands still for longer than its lease',
    async () => {
      fake.misbehave({ type: 'slow', ms: 50 });
      const [stopped, living] = await run.startSome(2);
      const loading = run.load(stopped!, { visitors: 20, each: 20 });
      await eventually(() => run.signedUp.size > 100);
      stopped!.signal('SIGSTOP');
      await eventually(() => fake.customers.length >= run.signedUp.size, 30_000);
      stopped!.signal('SIGCONT');
      await loading;
      expect(await run.checkOn([stopped!, living!])).toMatchObject(NOTHING_LOST);
      expect(run.signedUp.size).toBeGreaterThan(100);
    },
    LONG,
  );

  it(
    'lose nothing that they saved when the server crashes and starts again',
    async () => {
      fake.misbehave({ type: 'slow', ms: 5 });
      const apps = await run.startSome(2);
      const loading = apps.map((app) => run.load(app, { visitors: 10, each: 60, pauseMs: 2 }));
      for (let i = 0; i < 3; i += 1) {
        await sleep(200);
        await server.restart();
      }
      await Promise.all(loading);
      expect(await run.checkOn(apps)).toMatchObject({ ...NOTHING_LOST, signedUp: 1_200 });
    },
    LONG,
  );

  it(
    'lose nothing that they saved when their connections are cut again and again',
    async () => {
      fake.misbehave({ type: 'slow', ms: 5 });
      const apps = await run.startSome(2);
      const cutting = setInterval(() => server.proxy.cut(), 30);
      await Promise.all(apps.map((app) => run.load(app, { visitors: 10, each: 30, pauseMs: 2 })));
      clearInterval(cutting);
      expect(await run.checkOn(apps)).toMatchObject({ ...NOTHING_LOST, signedUp: 600 });
    },
    LONG,
  );

  it(
    'delay no sign-up by more than acceptTimeoutMs while the server hangs',
    async () => {
      const app = await run.start();
      await run.load(app, { visitors: 1, each: 5 });
      run.slowest = 0;
      server.freeze();
      await run.load(app, { visitors: 20, each: 3 });
      expect(run.slowest).toBeLessThan(1_000);
      server.thaw();
      expect(await run.checkOn([app])).toMatchObject({ ...NOTHING_LOST, signedUp: 65 });
    },
    LONG,
  );

  it(
    'go on with the replica that takes over, and lose nothing that it has',
    async () => {
      fake.misbehave({ type: 'slow', ms: 5 });
      const apps = await run.startSome(2);
      const loading = apps.map((app) => run.load(app, { visitors: 10, each: 60, pauseMs: 2 }));
      await sleep(200);
      await server.failOver();
      await Promise.all(loading);
      expect(await run.checkOn(apps)).toMatchObject({ ...NOTHING_LOST, signedUp: 1_200 });
    },
    LONG,
  );

  it.each([3_600_000, -3_600_000])(
    'agree which jobs are whose though the clock of one is %s ms ahead',
    async (clockAheadMs) => {
      if (!server.hasOneClock) return;
      fake.misbehave({ type: 'slow', ms: 3_000 });
      const apps = [await run.start(), await run.start({ clockAheadMs })];
      for (const app of apps) await run.load(app, { visitors: 5, each: 1 });
      expect(await run.checkOn(apps)).toMatchObject({ ...NOTHING_LOST, signedUp: 10 });
      expect(requests()).toHaveLength(10);
    },
    LONG,
  );

  it('keep to requestsPerMinute: together, or each of them on a SQL store', async () => {
    const requestsPerMinute = server.sharesRate ? 600 : 300;
    const apps = await run.startSome(2, { requestsPerMinute });
    await Promise.all(apps.map((app) => run.load(app, { visitors: 5, each: 6 })));
    await eventually(() => requests().length > 0);
    const before = requests().length;
    await sleep(2_000);
    const sent = requests().length - before;
    expect(sent).toBeGreaterThan(10);
    expect(sent).toBeLessThan(32);
  });

  it('send nothing for as long as Partnero asks after a 429', async () => {
    fake.misbehave({ type: 'rate_limit', retryAfter: 3 }, { on: 'POST /customers', times: 1 });
    const [first, second] = await run.startSome(2, { concurrency: 1 });
    await run.load(first!, { visitors: 1, each: 1 });
    await eventually(() => requests().length === 1);
    const limited = performance.now();
    const other = server.sharesRate ? second! : first!;
    await eventually(async () => (await other.stats()).paused?.reason === 'rate_limited');
    // On a SQL store, the other instance has no pause, and delivers.
    if (!server.sharesRate) await second!.end();
    await run.load(first!, { visitors: 5, each: 1 });
    await eventually(() => requests().length > 1);
    expect(performance.now() - limited).toBeGreaterThan(2_500);
    expect(await run.check()).toMatchObject({ ...NOTHING_LOST, signedUp: 6 });
  });

  it('send nothing while Partnero rejects the key, and go on once it is accepted', async () => {
    fake.misbehave({ type: 'status', status: 401 });
    const apps = await run.startSome(2);
    const isPaused = async () => {
      const all = await Promise.all(apps.map((app) => app.stats()));
      return all.every(({ paused }) => paused?.reason === 'unauthorized');
    };
    for (const app of apps) await run.load(app, { visitors: 1, each: 1 });
    await eventually(isPaused);
    const before = requests().length;
    await Promise.all(apps.map((app) => run.load(app, { visitors: 2, each: 5 })));
    await sleep(100);
    expect(requests().length - before).toBe(0);
    fake.heal();
    expect(await run.checkOn(apps)).toMatchObject({ ...NOTHING_LOST, signedUp: 22 });
  });

  it('lose nothing on SIGTERM', async () => {
    fake.misbehave({ type: 'slow', ms: 30 });
    const apps = await run.startSome(2, { hooks: true });
    const loading = apps.map((app) => run.load(app, { visitors: 10, each: 40, pauseMs: 5 }));
    await eventually(() => run.signedUp.size > 50);
    await apps[0]!.end('SIGTERM');
    await apps[1]!.end('SIGTERM');
    await Promise.all(loading);
    expect(await run.check()).toMatchObject(NOTHING_LOST);
  });
});
