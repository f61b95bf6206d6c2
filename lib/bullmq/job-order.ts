import { exponential } from '../outbox/backoff.js';
import type { CompletedResult } from '../outbox/delivery-result.js';
import { bullmqIdOf, hasCancelled, idOfCancel, type StoredJob } from './bullmq-job.js';
import type { PendingJob } from './customer-records.js';
import { DISCARDED, type JobStore } from './job-store.js';

/** How long a job may be announced in the order of its customer before it is added. */
const ADDING_MS = 5_000;
/** A job is promoted when the one before it ends. If that is missed, it is looked at after this. */
const POLL = { minMs: 2_000, maxMs: 300_000 };

interface Order {
  readonly before: readonly PendingJob[];
  readonly own: PendingJob;
  readonly after: readonly PendingJob[];
}

/**
 * Whether a job may be sent: a customer's jobs are sent one at a time, in order. Resolves with `null` if
 * so; otherwise with how long it has to wait, or how it ends unsent.
 */
export async function checkOrder(
  store: JobStore,
  job: StoredJob,
): Promise<{ readonly waitMs: number } | CompletedResult | null> {
  const { name, data, attemptsStarted, attemptsMade } = job;
  const order = await readOrder(store, job);
  if (await isDiscarded(store, order)) return DISCARDED;
  if (await isBehind(store, job, order)) {
    const looks = Math.max(0, attemptsStarted - attemptsMade - 1);
    return { waitMs: exponential(looks, POLL.minMs, POLL.maxMs) };
  }
  // Another job may have cancelled it before it came.
  const { key, ifCancelled = DISCARDED.outcome } = data;
  const cancelling = key === undefined ? null : await store.queue.getJob(idOfCancel({ name, key }));
  return cancelling && hasCancelled(cancelling) ? { ...DISCARDED, outcome: ifCancelled } : null;
}

export async function mustWait(store: JobStore, job: StoredJob): Promise<boolean> {
  return isBehind(store, job, await readOrder(store, job));
}

async function readOrder(store: JobStore, job: StoredJob): Promise<Order> {
  const { orderingKey } = job.data;
  const id = bullmqIdOf(job);
  const all = await store.records.pending(orderingKey);
  const index = all.findIndex((pending) => pending.id === id);
  const own = all[index];
  if (own) return { before: all.slice(0, index), own, after: all.slice(index + 1) };
  // It was added too late, and taken for one that never comes.
  await store.records.addPending(orderingKey, { id, position: job.timestamp });
  return readOrder(store, job);
}

async function isDiscarded(store: JobStore, { own, after }: Order): Promise<boolean> {
  for (const { id, discards } of after) {
    if (discards !== 'overrides' && discards !== own.id) continue;
    if ((await store.queue.getJobState(id)) !== 'unknown') return true;
  }
  return false;
}

async function isBehind(
  store: JobStore,
  { data: { orderingKey, cancels } }: StoredJob,
  { before, own }: Order,
): Promise<boolean> {
  for (const { id, position } of before) {
    const state = await store.queue.getJobState(id);
    const neverCame = state === 'unknown' && Date.now() - position > ADDING_MS;
    if (state === 'completed' || neverCame) await store.records.removePending(orderingKey, id);
    else if (state === 'active') return true;
    else if (own.discards === 'overrides' || own.discards === id) await store.discard(id);
    else return true;
  }
  // The job that it cancels came later, and has another ordering key.
  if (cancels?.found !== false) return false;
  return !['unknown', 'completed'].includes(await store.queue.getJobState(cancels.id));
}
