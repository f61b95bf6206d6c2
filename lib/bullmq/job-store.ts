import { setTimeout as sleep } from 'node:timers/promises';
import type { CompletedResult } from '../outbox/delivery-result.js';
import { bullmqIdOf, toEntry, type JobData, type StoredJob } from './bullmq-job.js';
import type { CustomerRecords, PendingJob } from './customer-records.js';
import type { JobQueue, QueueConnection, Saving } from './queue-connection.js';
import { isStateError } from './redis-error.js';

export const DISCARDED: CompletedResult = { type: 'completed', outcome: 'discarded', requests: 0 };
/** BullMQ counts attempts where the outbox measures time. */
const ATTEMPTS = 1_000_000_000;
const LOOK_MS = 25;
const LOOKS = 8;
const DAY_SECONDS = 86_400;
/** A job that cancels another one is also the mark that this one is cancelled. */
const CANCELLED_SECONDS = 2 * 365 * DAY_SECONDS;

/** Changes jobs in BullMQ together with the records of their customer. */
export class JobStore {
  constructor(
    private readonly connection: QueueConnection,
    readonly records: CustomerRecords,
  ) {}

  get queue(): JobQueue {
    return this.connection.queue;
  }

  /** @param holdMs how long it isn't delivered */
  async add(
    name: string,
    data: JobData,
    pending: PendingJob,
    saving: Saving,
    holdMs = 0,
  ): Promise<StoredJob> {
    const historySeconds = Math.ceil(this.records.historyMs / 1_000);
    const keepSeconds = Math.max(historySeconds, data.cancels ? CANCELLED_SECONDS : 0);
    await this.records.addPending(data.orderingKey, pending);
    saving();
    return this.queue.add(name, data, {
      jobId: pending.id,
      delay: holdMs,
      attempts: ATTEMPTS,
      backoff: { type: 'custom' },
      removeOnComplete: keepSeconds > 0 ? { age: keepSeconds } : true,
      stackTraceLimit: 0,
    });
  }

  /** Sends a job that has ended once more, with other data. */
  async sendAgain(
    job: StoredJob,
    data: JobData,
    pending: PendingJob,
    saving: Saving,
  ): Promise<void> {
    await this.records.addPending(data.orderingKey, pending);
    saving();
    await job.updateData(data);
    await job.retry('completed', { resetAttemptsMade: true }).catch(ignoreStateError);
  }

  /** Does nothing if the job isn't delayed. */
  async promote(job: StoredJob): Promise<void> {
    await job.promote().catch(ignoreStateError);
  }

  /** Delivers a dead letter again. Resolves with false if the job isn't one. */
  async requeue(job: StoredJob): Promise<boolean> {
    const requeued = job.retry('failed', { resetAttemptsMade: true }).then(() => true);
    return (await requeued.catch(ignoreStateError)) ?? false;
  }

  /** Lets the next job of a customer be looked at, if it was and had to wait. */
  async promoteNext(orderingKey: string): Promise<void> {
    const [next] = await this.records.pending(orderingKey);
    const job = next && (await this.queue.getJob(next.id));
    // A held job has never been looked at.
    if (job && job.attemptsStarted > 0) await this.promote(job);
  }

  /** Ends a held job, unsent. Resolves with false if it isn't held any more. May be repeated. */
  async discardHeld(job: StoredJob): Promise<boolean> {
    // BullMQ removes jobs that have ended, too: so this one is held first.
    if (!(await this.extendHold(job)) && (await this.queue.getJob(bullmqIdOf(job)))) return false;
    await this.queue.remove(bullmqIdOf(job));
    const isFirst = await this.end(job);
    await this.promoteNext(job.data.orderingKey).catch(() => {});
    return isFirst;
  }

  /** The same for a job of which it isn't known whether Redis saved it, or will. */
  async discardUnconfirmed(name: string, given: JobData): Promise<boolean> {
    const data: JobData = { ...given, payload: null, result: DISCARDED };
    const { id } = data;
    await this.records.removePending(data.orderingKey, id);
    // Takes the id, so that the job can't arrive any more.
    await this.queue.add(name, data, { jobId: id, removeOnComplete: { age: DAY_SECONDS } });
    const saved = await this.queue.getJob(id);
    if (!saved || saved.data.result) return true;
    if (!(await this.extendHold(saved))) return false;
    await saved.updateData(data);
    await this.promote(saved);
    return true;
  }

  /** Ends a pending or dead job, unsent. Resolves with false if it is being sent or has ended. */
  async discard(bullmqId: string): Promise<boolean> {
    const [job, state] = [
      await this.queue.getJob(bullmqId),
      await this.queue.getJobState(bullmqId),
    ];
    if (!job || state === 'active' || state === 'completed') return false;
    return (await this.queue.remove(bullmqId)) !== 0 && this.end(job);
  }

  /** The same for a job that waits behind another one. Repeats it, since a worker may just look at it. */
  async discardWaiting(bullmqId: string): Promise<void> {
    for (let look = 1; look <= LOOKS; look += 1) {
      if (await this.discard(bullmqId)) return;
      // One that was active a moment ago may wait again by now.
      if (['completed', 'unknown'].includes(await this.queue.getJobState(bullmqId))) return;
      await sleep(LOOK_MS);
    }
  }

  /** Looks repeatedly, since a job may just be added, or looked at by a worker. */
  async isInFlight(bullmqId: string): Promise<boolean | 'missing'> {
    for (let look = 1; ; look += 1) {
      const [state, job] = [
        await this.queue.getJobState(bullmqId),
        await this.queue.getJob(bullmqId),
      ];
      const isHeld = state === 'delayed' && job?.attemptsStarted === 0;
      if (job && !isHeld && state !== 'active') return false;
      if (look === LOOKS) return job ? true : 'missing';
      await sleep(LOOK_MS);
    }
  }

  /** Deletes the completed jobs of a customer, and their history. */
  async purgeHistory(orderingKey: string): Promise<void> {
    for (const { bullmqId, entry } of await this.records.history(orderingKey)) {
      const [job, state] = [
        await this.queue.getJob(bullmqId),
        await this.queue.getJobState(bullmqId),
      ];
      // Another job may have come with the same key.
      const isSame = job?.data.id === entry.id && state === 'completed';
      if (isSame) await this.queue.remove(bullmqId);
    }
    await this.records.purgeHistory(orderingKey);
  }

  /** Holds a job for another lease. Resolves with false if it isn't held any more. */
  private async extendHold(job: StoredJob): Promise<boolean> {
    const { leaseMs } = this.connection.options;
    const isDelayed = await job.changeDelay(leaseMs).then(() => true, ignoreStateError);
    // A job that is retried is delayed too.
    return isDelayed === true && (await this.queue.getJob(bullmqIdOf(job)))?.attemptsStarted === 0;
  }

  /** Resolves with false if another process ended it. */
  private end(job: StoredJob): Promise<boolean> {
    const entry = toEntry(job, this.records.program, DISCARDED);
    return this.records.end({ entry, bullmqId: bullmqIdOf(job) });
  }
}

function ignoreStateError(error: unknown): void {
  if (!isStateError(error)) throw error;
}
