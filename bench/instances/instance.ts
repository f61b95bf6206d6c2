// One instance of an app: an outbox that delivers to a Partnero which responds at once. The cost of the
// request itself is the same for all engines; see bench:client.
import { setTimeout as sleep } from 'node:timers/promises';
import { resolveDeliveryOptions } from '#lib/outbox/delivery.options.js';
import { outboxAt, type Place } from './engines.js';

/** The first message of an instance. */
export interface InstanceHello {
  readonly bootMs: number;
}

/** What an instance can be asked to do, one at a time. */
export type InstanceTask =
  /** One after the other. */
  | { readonly do: 'enqueue one by one'; readonly count: number }
  | { readonly do: 'enqueue'; readonly seconds: number; readonly atOnce: number }
  | { readonly do: 'fill'; readonly count: number; readonly atOnce: number }
  | { readonly do: 'deliver'; readonly seconds: number; readonly concurrency: number }
  | { readonly do: 'stats' }
  | { readonly do: 'close' };

export interface InstanceReport {
  /** Milliseconds of each job, if they were enqueued one by one. */
  readonly latencies: number[];
  readonly perSecond: number;
  readonly pending: number;
  readonly statsMs: number;
}

const NOTHING: InstanceReport = { latencies: [], perSecond: 0, pending: 0, statsMs: 0 };
const STARTING_MS = 300;
/** A delivery without a job for so long is over. */
const IDLE_MS = 1_000;

const started = performance.now();
const outbox = outboxAt(JSON.parse(process.argv[2] ?? '') as Place).create({
  program: 'default',
  historyDays: 30,
  acceptTimeoutMs: 60_000,
  log: { log() {}, warn() {}, error: (line: string) => console.error(line) },
});
await outbox.open();
process.send?.({ bootMs: performance.now() - started } satisfies InstanceHello);

let visitors = 0;

/** A sign-up, as the interceptor handles it. */
async function signUp(): Promise<void> {
  const customer = `user-${process.pid}-${(visitors += 1)}`;
  const id = await outbox.enqueue({
    name: 'attribution',
    orderingKey: customer,
    referralKey: 'ann',
    payload: JSON.stringify({ fields: { key: customer, email: `${customer}@example.com` } }),
    queuedAt: Date.now(),
  });
  outbox.release(id);
}

async function oneByOne(count: number): Promise<InstanceReport> {
  const latencies: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const from = performance.now();
    await signUp();
    latencies.push(performance.now() - from);
  }
  return { ...NOTHING, latencies };
}

/** Enqueues `atOnce` at a time until `isDone`. */
async function enqueue(
  atOnce: number,
  isDone: (begun: number) => boolean,
): Promise<InstanceReport> {
  const from = performance.now();
  let [begun, enqueued] = [0, 0];
  const visitor = async () => {
    while (!isDone(begun)) {
      begun += 1;
      await signUp();
      enqueued += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, visitor));
  return { ...NOTHING, perSecond: (enqueued * 1_000) / (performance.now() - from) };
}

/** Delivers what is pending. The first moments, in which the delivery starts, don't count. */
async function deliver(seconds: number, concurrency: number): Promise<InstanceReport> {
  const end = performance.now() + STARTING_MS + seconds * 1_000;
  const countsFrom = performance.now() + STARTING_MS;
  let [completed, last] = [0, countsFrom];
  const control = outbox.start({
    ...resolveDeliveryOptions({ concurrency }),
    deliver: () => Promise.resolve({ type: 'completed', outcome: 'attributed' }),
    checkKey: () => Promise.resolve('accepted'),
    onEnd() {
      if (performance.now() < countsFrom) return;
      completed += 1;
      last = performance.now();
    },
  });
  while (performance.now() < end && performance.now() - last < IDLE_MS) await sleep(20);
  await control.drain(0);
  const perSecond = completed === 0 ? 0 : (completed * 1_000) / (last - countsFrom);
  return { ...NOTHING, perSecond };
}

async function stats(): Promise<InstanceReport> {
  const from = performance.now();
  const { pending } = await outbox.stats();
  return { ...NOTHING, pending, statsMs: performance.now() - from };
}

function perform(task: InstanceTask): Promise<InstanceReport> {
  switch (task.do) {
    case 'enqueue one by one':
      return oneByOne(task.count);
    case 'enqueue': {
      const end = performance.now() + task.seconds * 1_000;
      return enqueue(task.atOnce, () => performance.now() > end);
    }
    case 'fill':
      return enqueue(task.atOnce, (begun) => begun >= task.count);
    case 'deliver':
      return deliver(task.seconds, task.concurrency);
    case 'stats':
      return stats();
    case 'close':
      return outbox.close().then(() => NOTHING);
  }
}

process.on('message', (task: InstanceTask) => {
  void perform(task).then((report) => process.send?.(report));
});
process.on('disconnect', () => process.exit());
