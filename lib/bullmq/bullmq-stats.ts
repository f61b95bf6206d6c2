import type { JobCounts } from '../outbox/history.js';
import type { JobData } from './bullmq-job.js';
import type { CustomerRecords, RedisClient } from './customer-records.js';
import type { JobQueue } from './queue-connection.js';

/** Of each state, so many jobs are read for their names. */
const SAMPLE = 1_000;
const PENDING = ['waiting', 'prioritized', 'delayed', 'active'] as const;

type Counts = { -readonly [K in keyof JobCounts]: JobCounts[K] } & {
  outcomes: Record<string, number>;
};
type BullmqStats = JobCounts & {
  readonly jobs: Record<string, JobCounts>;
  readonly oldestPendingAt: Date | null;
};

/**
 * Counts that add up. By state they are exact; by job name too, unless a state has over 1,000 jobs: the
 * others are then taken to have the most frequent name.
 */
export async function readStats(
  queue: JobQueue,
  client: RedisClient,
  records: CustomerRecords,
): Promise<BullmqStats> {
  const jobs: Record<string, Counts> = {};
  const of = (name: string) => (jobs[name] ??= { queued: 0, pending: 0, dead: 0, outcomes: {} });
  const read = async (id: string): Promise<[name?: string, data?: JobData]> => {
    const [name, data] = await client.hmget(queue.toKey(id), 'name', 'data');
    return name && data ? [name, JSON.parse(data) as JobData] : [];
  };
  const early: [name: string, outcome: string][] = [];
  let oldest = Infinity;
  const count = async (as: 'pending' | 'dead', ids: readonly string[], total: number) => {
    for (const [name, data] of await Promise.all(ids.map(read))) {
      if (name === undefined || !data) continue;
      of(name)[as] += 1;
      // Its outcome is counted already: before BullMQ moves it to `completed`.
      if (data.result) early.push([name, data.result.outcome]);
      if (as === 'pending') oldest = Math.min(oldest, data.queuedAt);
    }
    const [most] = Object.values(jobs).toSorted((a, b) => b[as] - a[as]);
    if (most) most[as] += Math.max(0, total - ids.length);
  };
  const [{ failed = 0, ...open }, pending, dead] = await Promise.all([
    queue.getJobCounts(...PENDING, 'failed'),
    queue.getRanges([...PENDING], 0, SAMPLE - 1, true),
    queue.getRanges(['failed'], 0, SAMPLE - 1, true),
  ]);
  const isSample = Object.values(open).some((n) => n > SAMPLE);
  await count('pending', pending, isSample ? sum(open) : 0);
  await count('dead', dead, failed > SAMPLE ? failed : 0);
  // Last, so that no job is missing that has just ended.
  for (const { name, outcome, n } of await records.counts()) of(name).outcomes[outcome] = n;
  for (const [name, outcome] of early) {
    const { outcomes } = of(name);
    const n = (outcomes[outcome] ?? 0) - 1;
    if (n > 0) outcomes[outcome] = n;
    else delete outcomes[outcome];
  }
  for (const each of Object.values(jobs)) {
    each.queued = sum(each.outcomes) + each.pending + each.dead;
  }
  const oldestPendingAt = oldest === Infinity ? null : new Date(oldest);
  return { ...totalOf(Object.values(jobs)), jobs, oldestPendingAt };
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
