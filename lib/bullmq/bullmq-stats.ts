import type { Counter } from '../outbox/job-counts.js';
import type { JobData } from './bullmq-job.js';
import type { CustomerRecords, RedisClient } from './customer-records.js';
import type { JobQueue } from './queue-connection.js';

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
  const count = (name: string, as: string, n: number) => {
    counters.push({ name, outcome: as, n }, { name, outcome: 'queued', n });
  };
  /** Ends that are counted before BullMQ moves the job to `completed`. */
  const early = new Map<string, number>();
  let oldest = Infinity;
  const countState = async (state: 'pending' | 'dead', ids: string[], total: number) => {
    const names = new Map<string, number>();
    const read = (id: string) => client.hmget(queue.toKey(id), 'name', 'data');
    for (const [i, [name, json]] of (await Promise.all(ids.map(read))).entries()) {
      if (!name || !json) continue;
      const { queuedAt, result, orderingKey } = JSON.parse(json) as JobData;
      names.set(name, (names.get(name) ?? 0) + 1);
      if (state === 'pending') oldest = Math.min(oldest, queuedAt);
      const isCounted = result && !(await records.isPending(orderingKey, ids[i] ?? ''));
      const end = `${name} ${result?.outcome}`;
      if (isCounted) early.set(end, (early.get(end) ?? 0) + 1);
    }
    const [most] = [...names].toSorted(([, a], [, b]) => b - a);
    if (most) names.set(most[0], most[1] + Math.max(0, total - ids.length));
    for (const [name, n] of names) count(name, state, n);
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
