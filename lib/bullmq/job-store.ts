import { setTimeout as sleep } from 'node:timers/promises';
import type { CompletedResult } from '../outbox/delivery-result.js';
import { idOf, toEnded, type JobData, type StoredJob } from './bullmq-job.js';
import type { CustomerRecords, Place } from './customer-records.js';
import type { BoundedWork, JobQueue, QueueConnection } from './queue-connection.js';
import { isStateError } from './redis-error.js';

export const DISCARDED: CompletedResult = { type: 'completed', outcome: 'discarded', requests: 0 };
/** BullMQ counts attempts, the outbox measures time. */
const ATTEMPTS = 1_000_000_000;
const LOOK_MS = 50;

/** Changes jobs in BullMQ together with the records of their customer. */
export class JobStore {
  constructor(
    private readonly connection: QueueConnection,
    readonly records: CustomerRecords,
  ) {}

  get queue(): JobQueue {
    return this.connection.queue;
  }

  get leaseMs(): number {
    return this.connection.options.leaseMs;
  }

  /** @param delay how long it is held */
  async add(
    name: string,
    data: JobData,
    place: Place,
    bound: BoundedWork,
    delay = 0,
  ): Promise<StoredJob> {
    const { historyMs } = this.records;
    try {
      await this.records.addPending(data.orderingKey, place);
      bound.check();
      bound.sent = true;
      return await this.queue.add(name, data, {
        ...{ jobId: place.id, delay, attempts: ATTEMPTS, backoff: { type: 'custom' } },
        removeOnComplete: historyMs > 0 ? { age: Math.ceil(historyMs / 1000) } : true,
        ...{ removeOnFail: false, stackTraceLimit: 0 },
      });
    } catch (error) {
      // The place of a job that never comes would hold up its customer. From a fallback, it will come.
      if (!this.connection.options.fallback) void this.removeStray(data.orderingKey, place.id);
      throw error;
    }
  }

  private removeStray(orderingKey: string, id: string): Promise<unknown> {
    return this.connection.writeEventually(async () => {
      if (!(await this.get(id))) await this.records.removePending(orderingKey, id);
    });
  }

  get(id: string): Promise<StoredJob | undefined> {
    return this.queue.getJob(id);
  }

  /** Holds a job for another lease. False if it isn't held any more. */
  async extendHold(job: StoredJob): Promise<boolean> {
    try {
      await job.changeDelay(this.leaseMs);
    } catch (error) {
      if (isStateError(error)) return false;
      throw error;
    }
    // A job that is retried is delayed too.
    const { attemptsStarted } = (await this.get(idOf(job))) ?? {};
    return attemptsStarted === 0;
  }

  /** Ends a job, unsent. False if it is being sent, or has ended. */
  async discard(orderingKey: string, { id, position }: Place): Promise<boolean> {
    const job = await this.get(id);
    const state = await this.queue.getJobState(id);
    if (!job || state === 'active' || state === 'completed') return false;
    if ((await this.queue.remove(id)) === 0) return false;
    // Somebody else may be discarding it, too.
    if (!(await this.records.removePending(orderingKey, id))) return false;
    await this.records.end(toEnded(job), DISCARDED, position);
    return true;
  }

  /** Whether a job could be discarded, looked at twice: it may just be added, or looked at by a worker. */
  async isFree(id: string): Promise<boolean | 'missing'> {
    for (let look = 1; ; look += 1) {
      const [state, job] = await Promise.all([this.queue.getJobState(id), this.get(id)]);
      // What is held has never been started.
      const isHeld = state === 'delayed' && job?.attemptsStarted === 0;
      const isInFlight = state === 'active' || state === 'unknown' || isHeld;
      if (!isInFlight || look === 2) return job ? !isInFlight : 'missing';
      await sleep(LOOK_MS);
    }
  }

  /** Deletes the ended jobs of a customer, and their history. */
  async purgeHistory(orderingKey: string): Promise<void> {
    for (const { bullmqId, entry } of await this.records.history(orderingKey, '')) {
      const job = await this.get(bullmqId);
      // Another job may have come with the same key.
      if (job?.data.id !== entry.id) continue;
      if ((await this.queue.getJobState(bullmqId)) === 'completed')
        await this.queue.remove(bullmqId);
    }
    await this.records.purgeHistory(orderingKey);
  }

  /** Lets the next job of a customer be looked at, if it is waiting for that. */
  async promoteNext(orderingKey: string): Promise<void> {
    const [next] = await this.records.pending(orderingKey);
    const job = next && (await this.get(next.id));
    // What is held by some process has never been started.
    if (job && job.attemptsStarted > 0) await this.promote(job);
  }

  async promote(job: StoredJob): Promise<void> {
    await job.promote().catch((error: unknown) => {
      if (!isStateError(error)) throw error;
    });
  }
}
