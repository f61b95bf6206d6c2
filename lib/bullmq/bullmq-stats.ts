import type { JobCounts } from '../outbox/history.js';
import type { JobData } from './bullmq-job.js';
import type { CustomerRecords, RedisClient } from './customer-records.js';
import type { JobQueue } from './queue-connection.js';

/** Of each state, so many jobs are read for their names; more are estimated from these. */
const SAMPLE = 1_000;
const PENDING = ['waiting', 'prioritized', 'delayed', 'active'] as const;

type Counts = { -readonly [K in keyof JobCounts]: JobCounts[K] } & {
  outcomes: Record<string, number>;
};
type BullmqStats = JobCounts & {
  readonly jobs: Record<string, JobCounts>;
  readonly oldestPendingAt: Date | null;
};

/** Counts that add up. By state they are exact; by job name, as long as no state has over 1,000 jobs. */
export async function readStats(
  queue: JobQueue,
  client: RedisClient,
  records: CustomerRecords,
): Promise<BullmqStats> {
  const [states, pending, dead, ended] = await Promise.all([
    queue.getJobCounts(...PENDING, 'failed'),
    queue.getRanges([...PENDING], 0, SAMPLE - 1, true),
    queue.getRanges(['failed'], 0, SAMPLE - 1, true),
    records.counts(),
  ]);
  const jobs: Record<string, Counts> = {};
  const of = (name: string) => (jobs[name] ??= { queued: 0, pending: 0, dead: 0, outcomes: {} });
  for (const { name, outcome, n } of ended) of(name).outcomes[outcome] = n;
  let oldest = Infinity;
  const count = async (ids: readonly string[], state: 'pending' | 'dead') => {
    const found = new Map<string, number>();
    for (const [name, data] of await Promise.all(ids.map((id) => read(queue, client, id)))) {
      // Ended and counted already, but still on its way to `completed`.
      if (name === undefined || data?.result) continue;
      found.set(name, (found.get(name) ?? 0) + 1);
      if (state === 'pending') oldest = Math.min(oldest, data?.queuedAt ?? Infinity);
    }
    return found;
  };
  const { failed = 0, ...open } = states;
  const isSampled = Object.values(open).some((n) => n > SAMPLE);
  const total = isSampled ? Object.values(open).reduce((sum, n) => sum + n, 0) : 0;
  for (const [name, n] of scale(await count(pending, 'pending'), total)) of(name).pending = n;
  const totalDead = failed > SAMPLE ? failed : 0;
  for (const [name, n] of scale(await count(dead, 'dead'), totalDead)) of(name).dead = n;
  const oldestPendingAt = oldest === Infinity ? null : new Date(oldest);
  for (const each of Object.values(jobs))
    each.queued = sum(each.outcomes) + each.pending + each.dead;
  return { ...totalOf(Object.values(jobs)), jobs, oldestPendingAt };
}

async function read(
  queue: JobQueue,
  client: RedisClient,
  id: string,
): Promise<[name?: string, data?: JobData]> {
  const [name, data] = await client.hmget(queue.toKey(id), 'name', 'data');
  return name && data ? [name, JSON.parse(data) as JobData] : [];
}

/** Makes a sample add up to `total`, if that is more. */
function scale(sample: Map<string, number>, total: number): [name: string, n: number][] {
  const size = sum(Object.fromEntries(sample));
  let left = Math.max(total, size);
  return [...sample].map(([name, n], i) => {
    const share = i === sample.size - 1 ? left : Math.floor((n * Math.max(total, size)) / size);
    left -= share;
    return [name, share];
  });
}

export function totalOf(all: readonly JobCounts[]): Counts {
  const total: Counts = { queued: 0, pending: 0, dead: 0, outcomes: {} };
  for (const { queued, pending, dead, outcomes } of all) {
    total.queued += queued;
    total.pending += pending;
    total.dead += dead;
    for (const [outcome, n] of Object.entries(outcomes)) {
      total.outcomes[outcome] = (total.outcomes[outcome] ?? 0) + n;
    }
  }
  return total;
}

function sum(numbers: Readonly<Record<string, number>>): number {
  return Object.values(numbers).reduce((total, n) => total + n, 0);
}
