import { exponential } from '../outbox/backoff.js';
import type { CompletedResult } from '../outbox/delivery-result.js';
import { idOf, idOfCancel, type StoredJob } from './bullmq-job.js';
import type { Place } from './customer-records.js';
import { DISCARDED, type JobStore } from './job-store.js';

/** A place without a job belongs to one that is just being added, or to one that never came. */
const STRAY_MS = 5_000;
/** A job is looked at again when the one before it ends. Should that be missed, then after this. */
const POLL = { minMs: 500, maxMs: 300_000 };

interface Places {
  readonly before: readonly Place[];
  readonly own: Place;
  readonly after: readonly Place[];
}

/** Decides whether it is a job's turn: the jobs of a customer are sent one at a time, in order. */
export class JobTurn {
  constructor(private readonly store: JobStore) {}

  /** How the job ends unsent; how long to wait; or `null`: it is the job's turn. */
  async of(job: StoredJob): Promise<CompletedResult | { readonly waitMs: number } | null> {
    const places = await this.places(job);
    if (await this.isDiscarded(places)) return DISCARDED;
    if (await this.isBehind(job, places)) {
      const looks = job.attemptsStarted - job.attemptsMade - 1;
      return { waitMs: exponential(Math.max(0, looks), POLL.minMs, POLL.maxMs) };
    }
    const outcome = await this.cancelled(job);
    return outcome === undefined ? null : { ...DISCARDED, outcome };
  }

  async isWaiting(job: StoredJob): Promise<boolean> {
    return this.isBehind(job, await this.places(job));
  }

  private async places(job: StoredJob): Promise<Places> {
    const { records } = this.store;
    const { orderingKey } = job.data;
    const all = await records.pending(orderingKey);
    const index = all.findIndex(({ id }) => id === idOf(job));
    const own = all[index];
    if (own) return { before: all.slice(0, index), own, after: all.slice(index + 1) };
    // Somebody took it for a stray.
    await records.addPending(orderingKey, { id: idOf(job), position: job.timestamp });
    return this.places(job);
  }

  private async isDiscarded({ own, after }: Places): Promise<boolean> {
    for (const { id, discards } of after) {
      if (discards !== 'overrides' && discards !== own.id) continue;
      if ((await this.store.queue.getJobState(id)) !== 'unknown') return true;
    }
    return false;
  }

  private async isBehind({ data }: StoredJob, { before, own }: Places): Promise<boolean> {
    const { orderingKey, cancels } = data;
    for (const place of before) {
      const state = await this.store.queue.getJobState(place.id);
      const isStray = state === 'unknown' && Date.now() - place.position > STRAY_MS;
      const isDiscarded = own.discards === 'overrides' || own.discards === place.id;
      if (state === 'completed' || isStray) {
        await this.store.records.removePending(orderingKey, place.id);
      } else if (!isDiscarded || state === 'active') {
        return true;
      } else {
        await this.store.discard(orderingKey, place);
      }
    }
    // It came before the job that it cancels, which may have come now.
    const target = cancels?.found === false && (await this.store.queue.getJobState(cancels.id));
    return Boolean(target) && target !== 'unknown' && target !== 'completed';
  }

  /** The outcome of a job that another one cancelled before it came. */
  private async cancelled({ name, data }: StoredJob): Promise<string | undefined> {
    const { key, ifCancelled } = data;
    if (key === undefined || ifCancelled === undefined) return undefined;
    const cancelling = await this.store.get(idOfCancel({ name, key }));
    return cancelling?.data.cancels?.found === false ? ifCancelled : undefined;
  }
}
