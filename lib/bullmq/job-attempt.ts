import type { Delivery } from '../outbox/delivery.js';
import type { DeliveryPauses } from '../outbox/delivery-pauses.js';
import type { CompletedResult, DeliveryResult, RetryResult } from '../outbox/delivery-result.js';
import { bullmqIdOf, toEntry, toJob, type JobData, type StoredJob } from './bullmq-job.js';
import { checkOrder, mustWait } from './job-order.js';
import type { JobStore } from './job-store.js';
import type { QueueConnection } from './queue-connection.js';

/** A call of `rateLimit()` exceeds any limit. Without a limit, BullMQ ignores it. */
export const NO_LIMIT = 1_000_000_000;
/** For attempts to end after they were aborted. */
export const ABORT_GRACE_MS = 200;
/** Of the lease. In the rest of it, the request is on its way. */
const SENDING_SHARE = 5 / 6;
/** When a job is looked at again that Redis failed for. */
export const REDIS_FAILED_MS = 1_000;

/** A failed attempt, to be retried. */
export class FailedAttempt extends Error {
  constructor(
    reason: string,
    readonly delayMs: number,
  ) {
    super(reason);
  }
}

/** How BullMQ goes on with a job: its return value, or an error that it knows. */
type Instruction = string | Error;

/** What attempts are made with. */
export interface AttemptContext {
  readonly connection: QueueConnection;
  readonly store: JobStore;
  readonly delivery: Delivery;
  readonly pauses: DeliveryPauses;
  /** Whether nothing is sent just now. */
  isPaused(): boolean;
}

/** What a worker does with one job. */
export class JobAttempt {
  private readonly errors: typeof import('bullmq');

  constructor(
    private readonly context: AttemptContext,
    private readonly job: StoredJob,
    private readonly token: string,
    private readonly signal: AbortSignal = new AbortController().signal,
  ) {
    this.errors = context.connection.bullmq;
  }

  /** Rejects only with an error that BullMQ knows: any other would be a failed attempt. */
  async run(): Promise<string> {
    const instruction = await this.decide().catch(() => this.delay(REDIS_FAILED_MS));
    if (typeof instruction === 'string') return instruction;
    throw instruction;
  }

  private async decide(): Promise<Instruction> {
    const { context, job } = this;
    const { store } = context;
    if (context.isPaused()) return this.release();
    // A process was killed while it ended the job.
    if (job.data.result) return this.complete(job.data.result);
    const blocked = await checkOrder(store, job);
    if (blocked && 'waitMs' in blocked) {
      const instruction = await this.delay(blocked.waitMs);
      // The one before it may have ended in the meantime.
      if (!(await mustWait(store, job))) await store.promote(job);
      return instruction;
    }
    if (blocked) return this.complete(blocked);
    const result = await this.send();
    const isAborted = this.signal.aborted && result?.type !== 'completed';
    return result && !isAborted ? this.act(result) : this.release();
  }

  /** Resolves with `undefined` if the attempt was aborted and doesn't end. */
  private async send(): Promise<DeliveryResult | undefined> {
    const { context, job, signal } = this;
    let isSending = true;
    const save = async (checkpoint: string): Promise<boolean> =>
      isSending && this.update({ checkpoint });
    const aborted = new Promise<undefined>((resolve) => {
      const end = () => setTimeout(resolve, ABORT_GRACE_MS, undefined);
      signal.addEventListener('abort', end, { once: true });
    });
    // Saving extends the lease.
    const sendWithinMs = context.connection.options.leaseMs * SENDING_SHARE;
    const sending = context.delivery.deliver(toJob(job), signal, { save, sendWithinMs });
    return Promise.race([sending, aborted]).finally(() => (isSending = false));
  }

  private async act(result: DeliveryResult): Promise<Instruction> {
    const { delivery, pauses, store } = this.context;
    switch (result.type) {
      case 'completed': {
        const { requests = 1 } = result;
        pauses.responded(requests);
        // BullMQ has counted one request.
        const { requestsPerMinute = Infinity } = delivery;
        const owedMs = Math.ceil(((requests - 1) * 60_000) / requestsPerMinute);
        if (owedMs > 0) await store.queue.rateLimit(owedMs);
        return this.complete(result);
      }
      case 'defer':
        return this.delay(result.ms);
      case 'rateLimited': {
        // For all processes.
        const leftMs = await store.queue.getRateLimitTtl(NO_LIMIT);
        const ms = pauses.rateLimited(result.retryAfterMs);
        if (ms > leftMs) await store.queue.rateLimit(Math.ceil(ms));
        return new this.errors.RateLimitError();
      }
      case 'unauthorized':
        // If the key works, the rejection was about this job.
        if (await pauses.unauthorized()) return this.fail({ ...result, type: 'retry' });
        return this.release();
      case 'retry': {
        const { breaker } = pauses.policy;
        const isTrial = breaker !== null && breaker.until <= Date.now();
        if (!result.jobOnly) pauses.failed(result.reason, isTrial);
        return this.fail(result);
      }
    }
  }

  private async fail(result: RetryResult): Promise<Error> {
    const { data, attemptsMade } = this.job;
    const { pauses, delivery } = this.context;
    const { maxAgeMs } = delivery;
    const { reason } = result;
    const { failingSince = Date.now() } = data;
    if (Date.now() - failingSince >= maxAgeMs) {
      // If a dashboard retries it, it has its full age again.
      await this.update({ failingSince: undefined });
      return new this.errors.UnrecoverableError(reason);
    }
    if (!data.failingSince) await this.update({ failingSince });
    return new FailedAttempt(reason, pauses.backoffMs(attemptsMade, result));
  }

  /** The payload is erased before the job counts as ended: so nothing keeps it any longer. */
  private async complete(result: CompletedResult): Promise<Instruction> {
    const { context, job } = this;
    const { connection, store } = context;
    const { data } = job;
    // Another process has the job.
    if (!(await this.update({ payload: null, result }))) return new this.errors.WaitingError();
    const entry = toEntry(job, store.records.program, result);
    const ending = await connection.writeEventually(async () => {
      if (result.purgesHistory) await store.purgeHistory(data.orderingKey);
      const ended = { entry, bullmqId: bullmqIdOf(job) };
      return { isNew: await store.records.end(ended, { keeps: !result.purgesHistory }) };
    });
    if (!ending) return this.delay(REDIS_FAILED_MS);
    // What is reported is the job as it was; and nothing if a dashboard retries one that has ended.
    job.data = { ...data, result: ending.isNew || !data.result ? result : undefined };
    // Another job may come with the same id.
    const releasesId = result.releasesKey && !data.cancels;
    if (releasesId || result.purgesHistory) job.opts.removeOnComplete = true;
    return result.outcome;
  }

  private async delay(ms: number): Promise<Error> {
    await this.job.moveToDelayed(Date.now() + ms, this.token);
    return new this.errors.DelayedError();
  }

  private async release(): Promise<Error> {
    await this.job.moveToWait(this.token);
    return new this.errors.WaitingError();
  }

  /** Resolves with false if another process has the job: BullMQ checks no lock when it updates one. */
  private async update(changes: Partial<JobData>): Promise<boolean> {
    const { context, job, token } = this;
    const { leaseMs } = context.connection.options;
    if ((await job.extendLock(token, leaseMs)) !== 1) return false;
    await job.updateData({ ...job.data, ...changes });
    return true;
  }
}
