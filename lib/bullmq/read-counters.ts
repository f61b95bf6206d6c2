import type { Counter } from '../outbox/job-counts.js';
import type { JobData } from './bullmq-job.js';
import type { CustomerRecords } from './customer-records.js';
import type { JobQueue } from './queue-connection.js';
import type { RedisClient } from './redis-client.js';

/** Of each state, so many jobs are read for their names. */
const SAMPLE = 1_000;
const PENDING = ['waiting', 'prioritized', 'delayed', 'active'] as const;

/**
 * Counts that add up. By state they are exact; by job name too, unless a state has over 1,000 jobs: the
 * others are then taken to have the most frequent name.
 */
export async function readCounters(
  queue: JobQueue,
  client: RedisClient,
  records: CustomerRecords,
): Promise<{ counters: Counter[]; oldestPendingAt: Date | null }> {
  const [{ failed = 0, ...open }, pending, dead] = await Promise.all([
    queue.getJobCounts(...PENDING, 'failed'),
    queue.getRanges([...PENDING], 0, SAMPLE - 1, true),
    queue.getRanges(['failed'], 0, SAMPLE - 1, true),
  ]);
  const counters: Counter[] = [];
  /** Ends that were counted before BullMQ moved their jobs to `completed`. */
  const early = new Map<string, number>();
  let oldest = Infinity;
  const read = async (id: string): Promise<{ name: string; data: JobData } | null> => {
    const [name, data] = await client.hmget(queue.toKey(id), 'name', 'data');
    return name && data ? { name, data: JSON.parse(data) as JobData } : null;
  };
  const count = (name: string, as: string, n: number): void => {
    counters.push({ name, outcome: as, n }, { name, outcome: 'queued', n });
  };
  const countState = async (as: 'pending' | 'dead', ids: string[], total: number) => {
    const names = new Map<string, number>();
    const jobs = await Promise.all(ids.map(read));
    for (const [i, job] of jobs.entries()) {
      if (!job) continue;
      const { name, data } = job;
      names.set(name, (names.get(name) ?? 0) + 1);
      if (as === 'pending') oldest = Math.min(oldest, data.queuedAt);
      if (!data.result || (await records.isPending(data.orderingKey, ids[i] ?? ''))) continue;
      const end = `${name} ${data.result.outcome}`;
      early.set(end, (early.get(end) ?? 0) + 1);
    }
    const [most] = [...names].toSorted(([, a], [, b]) => b - a);
    if (most) names.set(most[0], most[1] + Math.max(0, total - ids.length));
    for (const [name, n] of names) count(name, as, n);
  };
  const states = Object.values(open);
  const total = states.some((n) => n > SAMPLE) ? states.reduce((sum, n) => sum + n, 0) : 0;
  await countState('pending', pending, total);
  await countState('dead', dead, failed);
  // Last, so that no job is missing that has just ended.
  for (const { name, outcome, n } of await records.counts()) {
    const ended = n - (early.get(`${name} ${outcome}`) ?? 0);
    if (ended > 0) count(name, outcome, ended);
  }
  return { counters, oldestPendingAt: oldest === Infinity ? null : new Date(oldest) };
}
