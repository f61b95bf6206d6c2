import { PartneroService, sqliteOutbox, type PartneroModuleOptions } from 'nestjs-partnero';
import { FakePartnero, type FakeFault } from 'nestjs-partnero/testing';
import { closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { pass, passUntil, useFakeClock, useRealClock } from '../support/fake-clock.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** The default of `delivery.concurrency`. */
const CONCURRENCY = 10;

let fake: FakePartnero;
let running: RunningApp;
let path: string;

async function start(options: PartneroModuleOptions = {}): Promise<void> {
  running = await startApp({
    imports: [
      partnero(fake, {
        outbox: sqliteOutbox({ path }),
        timeoutMs: 10_000,
        ...options,
        // As a user has it, who sets nothing.
        delivery: { initialBackoffMs: 1_000, maxBackoffMs: 900_000, ...options.delivery },
      }),
    ],
  });
}

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann'] });
  path = `${temporaryFolder()}/outbox.db`;
  useFakeClock();
  await start();
});

afterEach(async () => {
  useRealClock();
  await closeApps();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

const service = () => running.app.get(PartneroService);
const stats = () => service().outbox.stats();
const sent = () => fake.requestsTo('POST /customers').length;
const rateLimited = async () => (await stats()).paused?.reason === 'rate_limited';
const delivered = async () => (await stats()).pending === 0;

async function attribute(count: number): Promise<void> {
  const all = Array.from({ length: count }, (_, i) =>
    service().attribute({ key: 'ann' }, { id: `user-${i}` }),
  );
  expect(new Set(await Promise.all(all))).toEqual(new Set(['queued']));
}

describe('429', () => {
  it.each<[string, string | number | undefined, number]>([
    ['with seconds', 120, 120 * SECOND],
    ['with an absurd number of seconds', 10 ** 9, 15 * MINUTE],
    ['without a time', undefined, SECOND],
    ['with nonsense', 'later', SECOND],
    ['with zero', 0, SECOND],
  ])('%s pauses the program, and nothing is used up', async (_, retryAfter, expected) => {
    fake.misbehave({ type: 'rate_limit', ...(retryAfter === undefined ? {} : { retryAfter }) });
    await attribute(30);
    await passUntil(rateLimited, MINUTE, 10);
    const until = (await stats()).paused!.until!.getTime();
    expect(await stats()).toMatchObject({ pending: 30, paused: { reason: 'rate_limited' } });
    expect(Math.abs(until - Date.now() - expected)).toBeLessThan(1.2 * SECOND);
    fake.heal();
    // Those that were under way together.
    await pass(50, 10);
    const before = sent();
    await pass(until - Date.now() - 100, Math.max(100, expected / 20));
    expect(sent()).toBe(before);
    await passUntil(delivered, MINUTE);
    for (const entry of await service().outbox.find({ customerKey: 'user-0' })) {
      expect(entry.attempts).toBe(0);
    }
  });

  it('with a date pauses until then', async () => {
    fake.misbehave({
      type: 'rate_limit',
      retryAfter: new Date(Date.now() + 5 * MINUTE).toUTCString(),
    });
    await attribute(1);
    await passUntil(rateLimited, MINUTE, 10);
    fake.heal();
    const waited = await passUntil(delivered, HOUR, 5 * SECOND);
    expect(waited).toBeGreaterThan(4 * MINUTE);
    expect(waited).toBeLessThan(6 * MINUTE);
  });

  it('for hours is asked at most every quarter of an hour in the end', async () => {
    // A minute of this clock passes at once, and must not end a request.
    await closeApps();
    await start({ timeoutMs: 600_000 });
    fake.misbehave({ type: 'rate_limit' });
    await attribute(5);
    await pass(2 * HOUR, MINUTE);
    const before = sent();
    await pass(4 * HOUR, MINUTE);
    // All that are let through together when a pause ends, each quarter of an hour.
    expect(sent() - before).toBeLessThanOrEqual(17 * 5);
    fake.heal();
    await passUntil(delivered, HOUR, 10 * SECOND);
    const [entry] = await service().outbox.find({ customerKey: 'user-0' });
    expect(entry!.attempts).toBe(0);
  });
});

describe.each<[string, FakeFault | 'down']>([
  ['down', 'down'],
  ['answering 500', { type: 'status', status: 500 }],
  ['answering 503 in HTML', { type: 'html', status: 503 }],
  ['cutting connections', { type: 'reset_before' }],
  ['hanging', { type: 'hang' }],
])('Partnero %s for hours', (_, fault) => {
  it('is not hammered, and gets everything in the end', async () => {
    if (fault === 'down') await fake.down();
    else fake.misbehave(fault);
    await attribute(40);
    await pass(5 * MINUTE);
    expect((await stats()).paused).toMatchObject({ reason: 'unreachable' });
    const before = fake.requests.length;
    await pass(2 * HOUR, 20 * SECOND);
    // One job tests the water at most once a minute, with some jitter.
    expect(fake.requests.length - before).toBeLessThanOrEqual(2 * 60 * 1.2);
    expect(await stats()).toMatchObject({ queued: 40, pending: 40, dead: 0 });
    fake.heal();
    await fake.up();
    // The longest wait between two attempts; then nothing waits for a backoff of its own.
    await passUntil(delivered, 2 * MINUTE);
    expect(fake.customers).toHaveLength(40);
  }, 60_000);
});

describe('a refused key', () => {
  it.each([401, 403])(
    '%d pauses the program until the key works; no attempt used up',
    async (status) => {
      // Half a minute of this clock passes at once, and must not end a request.
      await closeApps();
      await start({ timeoutMs: 600_000 });
      fake.misbehave({ type: 'status', status });
      await attribute(25);
      await passUntil(async () => (await stats()).paused?.reason === 'unauthorized', MINUTE, 10);
      expect(await stats()).toMatchObject({ pending: 25, paused: { reason: 'unauthorized' } });
      await pass(3 * HOUR, 30 * SECOND);
      // What had left before the first refusal was known, and not one more.
      expect(sent()).toBeLessThanOrEqual(CONCURRENCY);
      const probes = fake.requestsTo('GET /test').length;
      expect(probes).toBeGreaterThan(10);
      expect(probes).toBeLessThan(40);
      fake.heal();
      await passUntil(delivered, 20 * MINUTE, 10 * SECOND);
      expect(fake.customers).toHaveLength(25);
      const found = await Promise.all(
        Array.from({ length: 25 }, (_, i) => service().outbox.find({ customerKey: `user-${i}` })),
      );
      expect(found.flatMap((entries) => entries.map(({ attempts }) => attempts))).toEqual(
        Array.from({ length: 25 }, () => 0),
      );
    },
  );

  it('of one job only is that job’s failure: the others go on', async () => {
    fake.misbehave({ type: 'status', status: 403 }, { on: 'POST /customers', times: 1 });
    await attribute(10);
    await passUntil(delivered, 5 * MINUTE);
    expect(fake.customers).toHaveLength(10);
  });

  it('is delivered by a mended key after a new start', async () => {
    fake.apiKey = 'mended';
    await attribute(1);
    await passUntil(async () => (await stats()).paused?.reason === 'unauthorized', MINUTE, 10);
    await closeApps();
    running = await startApp({
      imports: [partnero(fake, { apiKey: 'mended', outbox: sqliteOutbox({ path }) })],
    });
    await passUntil(delivered, MINUTE);
  });
});

describe('giving up', () => {
  it('happens only after maxAgeDays of trying, and can be undone', async () => {
    fake.misbehave({ type: 'status', status: 500 });
    await closeApps();
    await start({ delivery: { maxAgeDays: 3 } });
    await attribute(3);
    await pass(2.9 * DAY, 14 * MINUTE);
    expect(await stats()).toMatchObject({ pending: 3, dead: 0 });
    // On a busy machine, less is done in so much time of this clock.
    await passUntil(async () => (await stats()).dead === 3, 9 * DAY, 14 * MINUTE);
    const dead: string[] = [];
    for await (const { customerKey } of service().outbox.deadLetters()) dead.push(customerKey);
    expect(dead.toSorted()).toEqual(['user-0', 'user-1', 'user-2']);
    expect(running.logger.ours('warn').filter((line) => line.includes('is dead'))).toHaveLength(3);
    fake.heal();
    expect(await service().outbox.requeue({})).toBe(3);
    await passUntil(delivered, HOUR, 5 * SECOND);
    expect(await stats()).toMatchObject({ queued: 3, dead: 0, outcomes: { attributed: 3 } });
  }, 120_000);
});

describe('the clock', () => {
  it('set back by a year stops nobody', async () => {
    fake.misbehave({ type: 'status', status: 500 });
    await attribute(3);
    await pass(MINUTE);
    const { setSystemTime } = (await import('@jest/globals')).jest;
    setSystemTime(Date.now() - 365 * DAY);
    fake.heal();
    await passUntil(delivered, HOUR, 10 * SECOND);
  });

  it('set forward by a year moves no job to the dead letters without a failed attempt', async () => {
    fake.misbehave({ type: 'status', status: 500 });
    await attribute(3);
    await pass(MINUTE);
    fake.heal();
    // Those that were being sent end as failed, before the clock changes.
    await passUntil(() => fake.requests.every(({ status }) => status !== 0), SECOND, 10);
    await pass(200, 10);
    const { setSystemTime } = (await import('@jest/globals')).jest;
    setSystemTime(Date.now() + 365 * DAY);
    // In steps shorter than an attempt may last, since a time-out is a failed attempt.
    await passUntil(delivered, HOUR, 250);
    expect(await stats()).toMatchObject({ dead: 0, outcomes: { attributed: 3 } });
  });
});

describe('an own limit', () => {
  it('is kept, also with much to do', async () => {
    await closeApps();
    await start({ delivery: { requestsPerMinute: 120 } });
    await attribute(60);
    await pass(10 * SECOND, 250);
    expect(sent()).toBeGreaterThan(0);
    expect(sent()).toBeLessThanOrEqual(23);
    await passUntil(delivered, MINUTE, 250);
  });
});
