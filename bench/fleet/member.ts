// One process of a fleet: an outbox with its relay, to a Partnero that answers at once. What that
// costs is the same for all engines, and stands in bench:client.
import { setTimeout as sleep } from 'node:timers/promises';
import { resolveDeliveryOptions } from '#lib/outbox/delivery.options.js';
import { KindRegistry } from '#lib/outbox/kind-registry.js';
import { Relay } from '#lib/outbox/relay.js';
import { outboxAt, type Place } from './engines.js';

/** What a member says first. */
export interface MemberHello {
  readonly bootMs: number;
}

/** What it can be told, one at a time. */
export type MemberTask =
  /** One after the other. */
  | { readonly do: 'accept one by one'; readonly count: number }
  | { readonly do: 'accept'; readonly seconds: number; readonly atOnce: number }
  | { readonly do: 'fill'; readonly count: number; readonly atOnce: number }
  | { readonly do: 'drain'; readonly seconds: number; readonly concurrency: number }
  | { readonly do: 'stats' }
  | { readonly do: 'close' };

export interface MemberReport {
  /** Milliseconds of each, if they came one by one. */
  readonly latencies: number[];
  readonly perSecond: number;
  readonly pending: number;
  readonly statsMs: number;
}

const NOTHING: MemberReport = { latencies: [], perSecond: 0, pending: 0, statsMs: 0 };
const STARTING_MS = 300;
const silent = { log() {}, warn() {}, error: (line: string) => console.error(line) };

const started = performance.now();
const outbox = outboxAt(JSON.parse(process.argv[2] ?? '') as Place).create({
  program: 'default',
  requestsPerMinute: undefined,
  maxBackoffMs: 900_000,
  ledgerDays: 30,
  log: silent,
  keyHash: () => null,
  deliver: () => Promise.reject(new Error('not used')),
});
await outbox.open();
await outbox.identity();
process.send?.({ bootMs: performance.now() - started } satisfies MemberHello);

let visitors = 0;

/** A sign-up, as the interceptor handles it. */
async function signUp(): Promise<void> {
  const customer = `user-${process.pid}-${(visitors += 1)}`;
  const id = await outbox.accept({
    kind: 'attribution',
    lane: customer,
    referralKey: 'ann',
    payload: JSON.stringify({ fields: { key: customer, email: `${customer}@example.com` } }),
    acceptedAt: Date.now(),
  });
  outbox.release(id);
}

async function oneByOne(count: number): Promise<MemberReport> {
  const latencies: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const from = performance.now();
    await signUp();
    latencies.push(performance.now() - from);
  }
  return { ...NOTHING, latencies };
}

/** As many as go through, so many at once, until `done` says so. */
async function accept(atOnce: number, done: (accepted: number) => boolean): Promise<MemberReport> {
  const from = performance.now();
  let [begun, accepted] = [0, 0];
  const visitor = async () => {
    while (!done(begun)) {
      begun += 1;
      await signUp();
      accepted += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, visitor));
  return { ...NOTHING, perSecond: (accepted * 1_000) / (performance.now() - from) };
}

/** Works off what is pending, for so long at most. The first moments, in which it starts, don't count. */
async function drain(seconds: number, concurrency: number): Promise<MemberReport> {
  const end = performance.now() + STARTING_MS + seconds * 1_000;
  const countsFrom = performance.now() + STARTING_MS;
  let [settled, last] = [0, countsFrom];
  const kinds = new KindRegistry();
  kinds.register({
    name: 'attribution',
    deliver: () => Promise.resolve({ type: 'settled', outcome: 'attributed' }),
  });
  const onSettled = () => {
    if (performance.now() < countsFrom) return;
    settled += 1;
    last = performance.now();
  };
  const hooks = { probeKey: () => Promise.resolve('unknown' as const), onSettled };
  const relay = new Relay(outbox, kinds, resolveDeliveryOptions({ concurrency }), hooks, silent);
  relay.start();
  while (performance.now() < end && performance.now() - last < 1_000) await sleep(20);
  await relay.drain(0);
  return { ...NOTHING, perSecond: settled === 0 ? 0 : (settled * 1_000) / (last - countsFrom) };
}

async function stats(): Promise<MemberReport> {
  const from = performance.now();
  const { pending } = await outbox.stats();
  return { ...NOTHING, pending, statsMs: performance.now() - from };
}

function perform(task: MemberTask): Promise<MemberReport> {
  switch (task.do) {
    case 'accept one by one':
      return oneByOne(task.count);
    case 'accept': {
      const end = performance.now() + task.seconds * 1_000;
      return accept(task.atOnce, () => performance.now() > end);
    }
    case 'fill':
      return accept(task.atOnce, (begun) => begun >= task.count);
    case 'drain':
      return drain(task.seconds, task.concurrency);
    case 'stats':
      return stats();
    case 'close':
      return outbox.close().then(() => NOTHING);
  }
}

process.on('message', (task: MemberTask) => {
  void perform(task).then((report) => process.send?.(report));
});
process.on('disconnect', () => process.exit());
