import { exponential } from '../outbox/backoff.js';
import type { CompletedResult } from '../outbox/delivery-result.js';
import { bullmqIdOf, idOfCancel, type StoredJob } from './bullmq-job.js';
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

/** Whether a job may be sent: a customer's jobs are sent one at a time, in order. */
export class JobOrder {
  constructor(private readonly store: JobStore) {}

  /** `null` if it may be sent now; otherwise how long it has to wait, or how it ends unsent. */
  async check(job: StoredJob): Promise<{ readonly waitMs: number } | CompletedResult | null> {
    const order = await this.read(job);
    if (await this.isDiscarded(order)) return DISCARDED;
    if (await this.isBehind(job, order)) {
      const looks = job.attemptsStarted - job.attemptsMade - 1;
      return { waitMs: exponential(Math.max(0, looks), POLL.minMs, POLL.maxMs) };
    }
    return (await this.isCancelled(job))
      ? { ...DISCARDED, outcome: job.data.ifCancelled ?? DISCARDED.outcome }
      : null;
  }

  async mustWait(job: StoredJob): Promise<boolean> {
    return this.isBehind(job, await this.read(job));
  }

  private async read(job: StoredJob): Promise<Order> {
    const { records } = this.store;
    const { orderingKey } = job.data;
    const all = await records.pending(orderingKey);
    const index = all.findIndex(({ id }) => id === bullmqIdOf(job));
    const own = all[index];
    if (own) return { before: all.slice(0, index), own, after: all.slice(index + 1) };
    // It was added too late, and taken for one that never comes.
    await records.addPending(orderingKey, { id: bullmqIdOf(job), position: job.timestamp });
    return this.read(job);
  }

  private async isDiscarded({ own, after }: Order): Promise<boolean> {
    for (const { id, discards } of after) {
      if (discards !== 'overrides' && discards !== own.id) continue;
      if ((await this.store.stateOf(id)) !== 'unknown') return true;
    }
    return false;
  }

  private async isBehind({ data }: StoredJob, { before, own }: Order): Promise<boolean> {
    const { orderingKey, cancels } = data;
    for (const pending of before) {
      const state = await this.store.stateOf(pending.id);
      const neverCame = state === 'unknown' && Date.now() - pending.position > ADDING_MS;
      const isDiscarded = own.discards === 'overrides' || own.discards === pending.id;
      if (state === 'completed' || neverCame) {
        await this.store.records.removePending(orderingKey, pending.id);
      } else if (!isDiscarded || state === 'active') {
        return true;
      } else {
        await this.store.discard(pending.id);
      }
    }
    // The job that it cancels came later, and has another ordering key.
    if (cancels?.found !== false) return false;
    return !['unknown', 'completed'].includes(await this.store.stateOf(cancels.id));
  }

  /** Whether another job cancelled it before it came. */
  private async isCancelled({ name, data: { key } }: StoredJob): Promise<boolean> {
    const cancelling = key === undefined ? null : await this.store.get(idOfCancel({ name, key }));
    return cancelling?.data.cancels?.found === false;
  }
}
