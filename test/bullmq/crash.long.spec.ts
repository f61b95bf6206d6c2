import { setTimeout as sleep } from 'node:timers/promises';
import { bullmqOutbox } from 'nestjs-partnero/bullmq';
import { completed, type Attempt } from '#lib/testing/conformance/scripted-partnero.js';
import { ScriptedPartnero } from '#lib/testing/conformance/scripted-partnero.js';
import type { DeliveryControl } from '#lib/outbox/delivery.js';
import type { OutboxEngine } from '#lib/outbox/outbox-engine.js';
import { eventually } from '../support/eventually.js';
import { killOutboxHosts, OutboxHost } from '../support/outbox-host.js';
import { onRedis, type Place } from '../support/stores.js';

const LEASE_MS = 1_000;
const SETTINGS = {
  concurrency: 20,
  maxAgeMs: 86_400_000,
  initialBackoffMs: 5,
  maxBackoffMs: 20,
  requestsPerMinute: undefined,
};

let redis: Place;
let prefix: string;
let partnero: ScriptedPartnero;
let engines: OutboxEngine[];

beforeAll(async () => {
  redis = await onRedis();
});

beforeEach(() => {
  prefix = redis.newName();
  partnero = new ScriptedPartnero();
  engines = [];
});

afterEach(async () => {
  await killOutboxHosts();
  for (const engine of engines) await engine.close();
});

afterAll(() => redis.leave());

const settings = () => ({ connection: redis.url, prefix, leaseMs: LEASE_MS });
/** An engine in a process that can be killed. */
const host = () => OutboxHost.start({ engine: 'bullmq-engine', settings: settings() });

/** An engine in this process, which survives. */
async function survivor(): Promise<OutboxEngine> {
  const engine = bullmqOutbox(settings()).create({
    program: 'default',
    historyDays: 90,
    acceptTimeoutMs: 10_000,
    log: { log() {}, warn() {}, error() {} },
  });
  engines.push(engine);
  await engine.open();
  return engine;
}

function start(engine: OutboxEngine): DeliveryControl {
  const { onEnd, ...delivery } = partnero.delivery(engine, 'default', SETTINGS);
  return engine.start({
    ...delivery,
    // A process that was killed may have erased the payload before it reported the end.
    onEnd: (ended, end) => void (ended.payload && onEnd(ended, end)),
  });
}

const job = (label: string, orderingKey = label) => ({
  name: 'attribution',
  orderingKey,
  referralKey: 'ann',
  queuedAt: Date.now(),
  payload: JSON.stringify({ label, program: 'default' }),
});

async function add(engine: OutboxEngine, label: string, orderingKey?: string): Promise<string> {
  const id = await engine.enqueue(job(label, orderingKey));
  engine.release(id);
  return id;
}

const forever = () => new Promise<ReturnType<typeof completed>>(() => {});
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('jobs that a process holds', () => {
  it('are delivered after the lease if it is killed, and not before', async () => {
    const [dying, living] = [await host(), await survivor()];
    start(living);
    for (const n of numbers(20)) await dying.enqueue(job(`${n}`));
    await sleep(2.5 * LEASE_MS);
    expect(partnero.attempts).toHaveLength(0);
    await dying.kill();
    const killed = performance.now();
    await eventually(() => partnero.ends.length === 20);
    expect(partnero.attempts).toHaveLength(20);
    expect(performance.now() - killed).toBeLessThan(4 * LEASE_MS);
  });

  it('of 600, none is both discarded and delivered when their lease ends at that moment', async () => {
    const living = await survivor();
    start(living);
    for (let round = 0; round < 3; round += 1) {
      const frozen = await host();
      const labels = numbers(200).map((n) => `${round}-${n}`);
      const ids = await Promise.all(labels.map((label) => frozen.enqueue(job(label))));
      frozen.signal('SIGSTOP');
      const before = partnero.attempts.length;
      await eventually(() => partnero.attempts.length > before);
      const discarding = Promise.all(ids.map((id) => frozen.discard(id)));
      frozen.signal('SIGCONT');
      const discarded = await discarding;
      await eventually(async () => (await living.stats()).pending === 0);
      const isDelivered = labels.map((label) => partnero.attemptsOf(label).length === 1);
      expect(isDelivered).toEqual(discarded.map((each) => !each));
      await frozen.kill();
    }
    const { outcomes } = await living.stats();
    expect((outcomes['attributed'] ?? 0) + (outcomes['discarded'] ?? 0)).toBe(600);
  });
});

describe('jobs that a process is sending', () => {
  it('are taken over if it is killed, and no attempt is used', async () => {
    const dying = await host();
    start(dying);
    partnero.script = forever;
    for (const n of numbers(10)) await add(dying, `${n}`);
    await eventually(() => partnero.attempts.length === 10);
    await dying.kill();
    partnero.script = () => completed();
    const living = await survivor();
    start(living);
    await eventually(() => partnero.ends.length === 10);
    expect(partnero.attempts).toHaveLength(20);
    expect(partnero.attempts.every(({ job: { attempts } }) => attempts === 0)).toBe(true);
    expect(await living.stats()).toMatchObject({ pending: 0, outcomes: { attributed: 10 } });
  });

  it('are not taken over while it lives, however long they take', async () => {
    const [busy, idle] = [await host(), await survivor()];
    start(busy);
    partnero.script = async () => {
      await sleep(2.5 * LEASE_MS);
      return completed();
    };
    await add(busy, 'slow');
    await eventually(() => partnero.attempts.length === 1);
    start(idle);
    await eventually(() => partnero.ends.length === 1);
    expect(partnero.attempts).toHaveLength(1);
  });

  it('end once if it stands still for longer than the lease and then goes on', async () => {
    const frozen = await host();
    start(frozen);
    let finish: (() => void)[] = [];
    partnero.script = () =>
      new Promise((resolve) => finish.push(() => resolve(completed('attributed'))));
    for (const n of numbers(5)) await add(frozen, `${n}`);
    await eventually(() => partnero.attempts.length === 5);
    frozen.signal('SIGSTOP');
    for (const each of finish) each();
    finish = [];
    partnero.script = () => completed('already_registered');
    const living = await survivor();
    start(living);
    await eventually(() => partnero.ends.length === 5);
    frozen.signal('SIGCONT');
    await sleep(LEASE_MS);
    expect(partnero.ends).toHaveLength(5);
    expect(await living.stats()).toMatchObject({
      queued: 5,
      outcomes: { already_registered: 5 },
    });
  });
});

it('nothing is lost, nothing discarded is sent and all outcomes are counted, whoever is killed', async () => {
  const living = await survivor();
  partnero.script = async () => {
    await sleep(10);
    return completed();
  };
  const working = async (): Promise<OutboxHost> => {
    const started = await host();
    start(started);
    return started;
  };
  const hosts = [await working(), await working()];
  const saved = new Map<string, boolean>();
  const over = new AbortController();
  const feeding = numbers(10).map(async (feeder) => {
    for (let n = 0; !over.signal.aborted; n += 1) {
      const label = `${feeder}-${n}`;
      const id = await living.enqueue(job(label));
      if (n % 5 === 0) saved.set(label, await living.discard(id));
      else living.release(id);
      if (n % 5 !== 0) saved.set(label, false);
      await sleep(10);
    }
  });
  for (let kills = 0; kills < 8; kills += 1) {
    await sleep(300);
    await hosts.shift()!.kill();
    hosts.push(await working());
  }
  over.abort();
  await Promise.all(feeding);
  await eventually(async () => (await living.stats()).pending === 0, 30_000);
  const wrong = [...saved].filter(([label, isDiscarded]) => {
    const attempts = partnero.attemptsOf(label).length;
    return isDiscarded ? attempts > 0 : attempts === 0;
  });
  expect(wrong).toEqual([]);
  const { queued, dead, outcomes } = await living.stats();
  expect({ queued, dead }).toEqual({ queued: saved.size, dead: 0 });
  const discarded = [...saved.values()].filter(Boolean).length;
  expect(outcomes).toEqual({ attributed: saved.size - discarded, discarded });
}, 90_000);

it('the jobs of a customer keep their order and never overlap, whoever is killed', async () => {
  const living = await survivor();
  const overlaps: string[] = [];
  const sending = new Map<string, Attempt>();
  partnero.script = async (attempt) => {
    const { orderingKey } = attempt.job;
    const other = sending.get(orderingKey);
    // What a killed process was sending is aborted.
    if (other && !other.signal.aborted) overlaps.push(`${other.label}, ${attempt.label}`);
    sending.set(orderingKey, attempt);
    await sleep(5);
    if (sending.get(orderingKey) === attempt) sending.delete(orderingKey);
    return completed();
  };
  const hosts = [await host(), await host()];
  hosts.forEach(start);
  const over = new AbortController();
  const killing = (async () => {
    while (!over.signal.aborted) {
      await sleep(400);
      await hosts.shift()!.kill();
      const next = await host();
      start(next);
      hosts.push(next);
    }
  })();
  await Promise.all(
    numbers(60).map(async (n) => {
      await sleep(n * 30);
      const signUp = await living.enqueue(job(`${n}-0`, `${n}`));
      for (const k of [1, 2, 3]) await living.submit(job(`${n}-${k}`, `${n}`));
      living.release(signUp);
    }),
  );
  await eventually(async () => (await living.stats()).pending === 0, 30_000);
  over.abort();
  await killing;
  expect(overlaps).toEqual([]);
  for (const n of numbers(60)) {
    const labels = partnero.delivered.filter((label) => label.startsWith(`${n}-`));
    const first = [0, 1, 2, 3].map((k) => labels.indexOf(`${n}-${k}`));
    expect(first.toSorted((a, b) => a - b)).toEqual(first);
    expect(first[0]).toBe(0);
  }
}, 90_000);
