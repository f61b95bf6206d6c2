import { setTimeout as sleep } from 'node:timers/promises';
import { FakePartnero } from 'nestjs-partnero/testing';
import { endAppProcesses } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { endPostgresServers } from '../support/postgres-server.js';
import { endRedisServers } from '../support/redis-server.js';
import { endProxies } from '../support/tcp-proxy.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { PostgresFleetServer, RedisFleetServer, type FleetServer } from './fleet-server.js';
import { FleetRun, NOTHING_LOST } from './fleet-run.js';

const LONG = 90_000;

describe.each<[string, { start(): Promise<FleetServer> }]>([
  ['BullMQ', RedisFleetServer],
  ['pg-boss', PostgresFleetServer],
])('app processes on %s', (_, Server) => {
  let server: FleetServer;
  let fake: FakePartnero;
  let run: FleetRun;

  beforeAll(async () => {
    server = await Server.start();
  });

  beforeEach(async () => {
    fake = await FakePartnero.start({ partners: ['ann'] });
    run = new FleetRun(server.newPlace(), fake, temporaryFolder());
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
    const apps = await run.startSome(3);
    await Promise.all(apps.map((app) => run.load(app)));
    expect(await run.check()).toEqual({ ...NOTHING_LOST, answered: 300, accepted: 300 });
    expect(requests()).toHaveLength(300);
  });

  it('take over from those that are killed, within seconds', async () => {
    await fake.down();
    const [dying, living] = await run.startSome(2);
    await run.load(dying!, { visitors: 5, each: 4 });
    await dying!.end();
    const died = performance.now();
    await fake.up();
    await eventually(() => fake.customers.length === 20, 20_000);
    expect(performance.now() - died).toBeLessThan(10_000);
    await living!.end();
    expect(await run.check()).toMatchObject({ ...NOTHING_LOST, answered: 20 });
  });

  it('take nothing over from those that live', async () => {
    fake.misbehave({ type: 'slow', ms: 5_000 });
    const [busy] = await run.startSome(2);
    await run.load(busy!, { visitors: 10, each: 1 });
    // Longer than the lease, and than BullMQ's lock.
    await eventually(() => fake.customers.length === 10);
    expect(requests()).toHaveLength(10);
    expect(await run.check()).toMatchObject({ ...NOTHING_LOST, answered: 10 });
  });

  it(
    'go on while some of them are killed and started again',
    async () => {
      fake.misbehave({ type: 'slow', ms: 5 });
      const apps = await run.startSome(3);
      const loading = apps.map((app) => run.load(app, { visitors: 3, each: 1_000, pauseMs: 5 }));
      for (let i = 0; i < 6; i += 1) {
        await sleep(50);
        const at = i % apps.length;
        await apps[at]!.end();
        apps[at] = await run.start();
        loading.push(run.load(apps[at], { visitors: 3, each: 1_000, pauseMs: 5 }));
      }
      await Promise.all(apps.map((app) => app.end()));
      await Promise.all(loading);
      expect(await run.check()).toMatchObject(NOTHING_LOST);
      expect(run.answered.size).toBeGreaterThan(100);
    },
    LONG,
  );

  it(
    'that stood still for longer than their lease lose what they held, and double nothing',
    async () => {
      fake.misbehave({ type: 'slow', ms: 50 });
      const [stopped, living] = await run.startSome(2);
      const loading = run.load(stopped!, { visitors: 20, each: 20 });
      await eventually(() => run.answered.size > 100);
      stopped!.signal('SIGSTOP');
      await eventually(() => fake.customers.length >= run.answered.size, 30_000);
      stopped!.signal('SIGCONT');
      await loading;
      await living!.end();
      expect(await run.check()).toMatchObject({ ...NOTHING_LOST, answered: 400 });
    },
    LONG,
  );

  it(
    'lose nothing when the server crashes and comes back',
    async () => {
      fake.misbehave({ type: 'slow', ms: 5 });
      const apps = await run.startSome(2);
      const loading = apps.map((app) => run.load(app, { visitors: 10, each: 60, pauseMs: 2 }));
      for (let i = 0; i < 3; i += 1) {
        await sleep(200);
        await server.restart();
      }
      await Promise.all(loading);
      expect(await run.checkOn(apps)).toMatchObject({
        ...NOTHING_LOST,
        answered: 1_200,
        accepted: 1_200,
      });
    },
    LONG,
  );

  it(
    'lose nothing when their connections are cut, again and again',
    async () => {
      fake.misbehave({ type: 'slow', ms: 5 });
      const apps = await run.startSome(2);
      const cutting = setInterval(() => server.proxy.cut(), 30);
      await Promise.all(apps.map((app) => run.load(app, { visitors: 10, each: 30, pauseMs: 2 })));
      clearInterval(cutting);
      expect(await run.checkOn(apps)).toMatchObject({
        ...NOTHING_LOST,
        answered: 600,
        accepted: 600,
      });
    },
    LONG,
  );

  it(
    'delay no sign-up by more than its time while the server stands still',
    async () => {
      const [app] = await run.startSome(1);
      await run.load(app!, { visitors: 1, each: 5 });
      run.slowest = 0;
      server.freeze();
      await run.load(app!, { visitors: 20, each: 3 });
      expect(run.slowest).toBeLessThan(1_000);
      server.thaw();
      expect(await run.check()).toMatchObject({ ...NOTHING_LOST, answered: 65 });
    },
    LONG,
  );

  it(
    'go on with the server that takes over, and lose nothing that it has',
    async () => {
      fake.misbehave({ type: 'slow', ms: 5 });
      const apps = await run.startSome(2);
      const loading = apps.map((app) => run.load(app, { visitors: 10, each: 60, pauseMs: 2 }));
      await sleep(200);
      await server.failOver();
      await Promise.all(loading);
      expect(await run.checkOn(apps)).toMatchObject({
        ...NOTHING_LOST,
        answered: 1_200,
        accepted: 1_200,
      });
    },
    LONG,
  );

  it.each([3_600_000, -3_600_000])(
    'agree whose a job is, and when it is due, though a clock is %s ms ahead',
    async (clockAheadMs) => {
      fake.misbehave({ type: 'slow', ms: 5_000 });
      const busy = await run.start();
      const odd = await run.start({ clockAheadMs });
      await run.load(busy, { visitors: 5, each: 1 });
      await run.load(odd, { visitors: 5, each: 1 });
      await eventually(() => fake.customers.length === 10);
      expect(requests()).toHaveLength(10);
      fake.heal();
      fake.misbehave({ type: 'rate_limit', retryAfter: 4 }, { on: 'POST /customers', times: 1 });
      await run.load(odd, { visitors: 1, each: 1 });
      await eventually(() => requests().length === 11);
      const refused = performance.now();
      // A process asks once a second.
      await sleep(1_100);
      await run.load(busy, { visitors: 5, each: 1 });
      await eventually(() => requests().length > 11);
      expect(performance.now() - refused).toBeGreaterThan(3_500);
      expect(performance.now() - refused).toBeLessThan(9_000);
      await Promise.all([busy, odd].map((app) => app.end()));
      expect(await run.check()).toMatchObject({ ...NOTHING_LOST, answered: 16 });
    },
    LONG,
  );

  it('keep to one rate together', async () => {
    const apps = await run.startSome(3, { requestsPerMinute: 600 });
    await Promise.all(apps.map((app) => run.load(app, { visitors: 5, each: 4 })));
    await eventually(() => requests().length > 0);
    const before = requests().length;
    await sleep(2_000);
    const sent = requests().length - before;
    expect(sent).toBeGreaterThan(10);
    expect(sent).toBeLessThan(32);
  });

  it('all pause when one of them is refused', async () => {
    fake.misbehave({ type: 'status', status: 401 });
    const apps = await run.startSome(3);
    await run.load(apps[0]!, { visitors: 1, each: 1 });
    await eventually(async () => (await apps[2]!.stats()).paused?.reason === 'unauthorized');
    // A process asks once a second.
    await sleep(1_100);
    const before = requests().length;
    await Promise.all(apps.map((app) => run.load(app, { visitors: 2, each: 5 })));
    await sleep(300);
    expect(requests().length - before).toBe(0);
    fake.heal();
    expect(await run.check()).toMatchObject({ ...NOTHING_LOST, answered: 31 });
  });

  it('lose nothing on SIGTERM', async () => {
    fake.misbehave({ type: 'slow', ms: 30 });
    const apps = await run.startSome(2, { hooks: true });
    const loading = apps.map((app) => run.load(app, { visitors: 10, each: 40, pauseMs: 5 }));
    await eventually(() => run.answered.size > 50);
    await apps[0]!.end('SIGTERM');
    await apps[1]!.end('SIGTERM');
    await Promise.all(loading);
    expect(await run.check()).toMatchObject(NOTHING_LOST);
  });
});
