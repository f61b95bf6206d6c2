import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '../error-message.js';
import { exponential, fullJitter } from '../outbox/backoff.js';
import type { Delivery, DeliveryControl, Pause, PauseReason } from '../outbox/delivery.js';
import { DeliveryPauses } from '../outbox/delivery-pauses.js';
import type { CompletedResult, DeliveryResult, RetryResult } from '../outbox/delivery-result.js';
import type { OutboxLog } from '../outbox/outbox-engine.js';
import { ThrottledLogger } from '../throttled-logger.js';
import { within } from '../within.js';
import { bullmqIdOf, toEntry, toJob, type JobData, type StoredJob } from './bullmq-job.js';
import { createWorker, FailedAttempt, NO_LIMIT, type JobWorker } from './bullmq-worker.js';
import { JobOrder } from './job-order.js';
import type { JobStore } from './job-store.js';
import type { QueueConnection } from './queue-connection.js';

/** For attempts to end after they were aborted. */
const ABORT_GRACE_MS = 200;
const CLOSE_MS = 1_000;
const DRAIN_POLL_MS = 20;
const RATE_LIMIT = { minMs: 1_000, maxMs: 900_000 };
/** When a job is looked at again that Redis failed for. */
const REDIS_FAILED_MS = 1_000;

/** How BullMQ goes on with a job: its return value, or an error that it knows. */
type Instruction = string | Error;

/** Sends the jobs of the queue with a `Worker` of BullMQ. */
export class BullmqDelivery implements DeliveryControl {
  private readonly worker: JobWorker;
  private readonly dispose: () => void;
  private readonly pauses: DeliveryPauses;
  private readonly order: JobOrder;
  private readonly inContext = AsyncLocalStorage.snapshot();
  private readonly running = new Set<Promise<unknown>>();
  private rateLimits = 0;
  private trial: NodeJS.Timeout | undefined;
  private draining: Promise<void> | undefined;

  constructor(
    private readonly connection: QueueConnection,
    private readonly store: JobStore,
    private readonly delivery: Delivery,
    log: OutboxLog,
    pendingCount: () => Promise<number>,
  ) {
    this.order = new JobOrder(store);
    this.pauses = new DeliveryPauses(delivery, log, { pendingCount, onChange: () => this.steer() });
    const { worker, dispose } = createWorker(connection, delivery, (job, token, signal) =>
      this.inContext(() => this.track(this.process(job, token, signal))),
    );
    this.worker = worker;
    this.dispose = dispose;
    worker.on('completed', (job) => this.completed(job));
    worker.on('failed', (job, { message: reason }) => {
      if (job?.finishedOn) this.delivery.onEnd(toJob(job), { type: 'dead', reason });
    });
    worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) worker.cancelJob(id, 'taken over');
    });
    const errors = new ThrottledLogger((message) => log.warn(message));
    worker.on('error', (error) => {
      // Otherwise it is logged already.
      if (connection.isUsable) errors.warn('', () => `BullMQ reports: ${errorMessage(error)}`);
    });
  }

  /** Once an unreachable Partnero may be tried again, that isn't a pause. */
  get paused(): Pause | null {
    const { current } = this.pauses;
    return current?.reason === 'unreachable' && Number(current.until) <= Date.now()
      ? null
      : current;
  }

  pause(reason: PauseReason): void {
    this.inContext(() => this.pauses.pause(reason));
  }

  resume(): void {
    this.inContext(() => this.pauses.resume());
  }

  drain(capMs: number): Promise<void> {
    this.draining ??= this.inContext(() => this.finish(capMs));
    return this.draining;
  }

  private steer(): void {
    const { worker, delivery, pauses, paused } = this;
    const { breaker } = pauses.policy;
    worker.concurrency = breaker ? 1 : delivery.concurrency;
    if (paused) void worker.pause(true);
    else if (worker.isPaused()) void worker.resume();
    clearTimeout(this.trial);
    const waitMs = breaker ? breaker.until - Date.now() : 0;
    if (waitMs > 0) this.trial = setTimeout(() => this.steer(), waitMs + 1).unref();
  }

  private async finish(capMs: number): Promise<void> {
    const { worker } = this;
    const end = performance.now() + capMs;
    const left = () => Math.max(0, end - performance.now());
    while (left() > 0 && (await within(left(), this.hasDue()))) await sleep(DRAIN_POLL_MS);
    this.pauses.close();
    clearTimeout(this.trial);
    const leftMs = left();
    const abort = setTimeout(() => worker.cancelAllJobs('shutdown'), leftMs);
    const closing = worker.close().then(() => Promise.allSettled(this.running));
    const isClosed = await within(leftMs + ABORT_GRACE_MS + CLOSE_MS, closing);
    // If Redis doesn't respond, the locks of what is being sent end by themselves.
    if (!isClosed) worker.disconnect().catch(() => {});
    clearTimeout(abort);
    this.dispose();
  }

  private async hasDue(): Promise<boolean> {
    if (this.paused || !this.connection.isUsable) return false;
    const { queue } = this.store;
    const [waiting, isPaused, limitedMs] = await Promise.all([
      queue.getJobCountByTypes('waiting', 'prioritized'),
      queue.isPaused(),
      queue.getRateLimitTtl(NO_LIMIT),
    ]).catch(() => [0, true, 0] as const);
    return !isPaused && limitedMs <= 0 && (waiting > 0 || this.running.size > 0);
  }

  /** Rejects only with an error that BullMQ knows: any other would be a failed attempt. */
  private async process(job: StoredJob, token: string, signal: AbortSignal): Promise<string> {
    const instruction = await this.attempt(job, token, signal).catch(() =>
      this.delay(job, token, REDIS_FAILED_MS),
    );
    if (typeof instruction !== 'string') throw instruction;
    return instruction;
  }

  private async attempt(job: StoredJob, token: string, signal: AbortSignal): Promise<Instruction> {
    if (this.worker.closing || this.paused) return this.giveBack(job, token);
    // A process was killed while it ended the job.
    if (job.data.result) return this.complete(job, token, job.data.result);
    const blocked = await this.order.check(job);
    if (blocked && 'waitMs' in blocked) {
      const instruction = await this.delay(job, token, blocked.waitMs);
      // The one before it may have ended in the meantime.
      if (!(await this.order.mustWait(job))) await this.store.promote(job);
      return instruction;
    }
    if (blocked) return this.complete(job, token, blocked);
    const result = await this.send(job, token, signal);
    const isAborted = signal.aborted && result?.type !== 'completed';
    return result && !isAborted ? this.act(job, token, result) : this.giveBack(job, token);
  }

  /** Resolves with `undefined` if the attempt was aborted and doesn't end. */
  private async send(
    job: StoredJob,
    token: string,
    signal: AbortSignal,
  ): Promise<DeliveryResult | undefined> {
    let isSending = true;
    const save = async (checkpoint: string): Promise<boolean> =>
      isSending && this.update(job, token, { checkpoint });
    const aborted = new Promise<undefined>((resolve) => {
      const end = () => setTimeout(resolve, ABORT_GRACE_MS, undefined);
      signal.addEventListener('abort', end, { once: true });
    });
    const sending = this.delivery.deliver(toJob(job), signal, { save });
    return Promise.race([sending, aborted]).finally(() => (isSending = false));
  }

  private async act(job: StoredJob, token: string, result: DeliveryResult): Promise<Instruction> {
    switch (result.type) {
      case 'completed':
        await this.responded(result.requests ?? 1);
        return this.complete(job, token, result);
      case 'defer':
        return this.delay(job, token, result.ms);
      case 'rateLimited':
        await this.limitRate(result.retryAfterMs);
        return new this.connection.bullmq.RateLimitError();
      case 'unauthorized':
        if (!(await this.pauses.unauthorized())) return this.giveBack(job, token);
        return this.fail(job, token, { ...result, type: 'retry' });
      case 'retry': {
        const { breaker } = this.pauses.policy;
        const isTrial = breaker !== null && breaker.until <= Date.now();
        if (!result.jobOnly) this.pauses.failed(result.reason, isTrial);
        return this.fail(job, token, result);
      }
    }
  }

  private async fail(job: StoredJob, token: string, result: RetryResult): Promise<Error> {
    const { maxAgeMs, initialBackoffMs, maxBackoffMs } = this.delivery;
    const { failingSince = Date.now() } = job.data;
    if (Date.now() - failingSince >= maxAgeMs) {
      // If a dashboard retries it, it has its full age again.
      await this.mustUpdate(job, token, { failingSince: undefined });
      return new this.connection.bullmq.UnrecoverableError(result.reason);
    }
    if (!job.data.failingSince) await this.mustUpdate(job, token, { failingSince });
    const backoffMs = fullJitter(job.attemptsMade, initialBackoffMs, maxBackoffMs);
    return new FailedAttempt(result.reason, Math.max(backoffMs, result.afterMs ?? 0));
  }

  /** The payload is erased before the job counts as ended: so nothing keeps it any longer. */
  private async complete(
    job: StoredJob,
    token: string,
    result: CompletedResult,
  ): Promise<Instruction> {
    const { data } = job;
    const { records } = this.store;
    await this.mustUpdate(job, token, { payload: null, result });
    // What is reported is the job as it was.
    job.data = { ...data, result };
    const ended = { entry: toEntry(job, records.program, result), bullmqId: bullmqIdOf(job) };
    const isSaved = await this.connection.writeEventually(async () => {
      if (result.purgesHistory) await this.store.purgeHistory(data.orderingKey);
      await records.end(ended, { keeps: !result.purgesHistory });
      return true;
    });
    if (!isSaved) return this.delay(job, token, REDIS_FAILED_MS);
    // Another job may come with the same id.
    if (result.releasesKey || result.purgesHistory) job.opts.removeOnComplete = true;
    return result.outcome;
  }

  private completed(job: StoredJob): void {
    const { result, orderingKey } = job.data;
    if (!result) return;
    this.delivery.onEnd(toJob(job), result);
    void this.track(this.store.promoteNext(orderingKey)).catch(() => {});
  }

  /** For all processes. Responses to requests that were under way together count as one. */
  private async limitRate(retryAfterMs: number | undefined): Promise<void> {
    const { queue } = this.store;
    const { minMs, maxMs } = RATE_LIMIT;
    const leftMs = await queue.getRateLimitTtl(NO_LIMIT);
    const step = leftMs > 0 ? this.rateLimits : this.rateLimits++;
    const asked = retryAfterMs ?? (leftMs > 0 ? 0 : exponential(step, minMs, maxMs));
    const ms = Math.min(maxMs, Math.max(minMs, asked));
    if (ms > leftMs) await queue.rateLimit(Math.ceil(ms));
  }

  /** BullMQ has counted one request. */
  private async responded(requests: number): Promise<void> {
    this.pauses.responded(requests);
    if (requests === 0) return;
    this.rateLimits = 0;
    const { requestsPerMinute } = this.delivery;
    if (!requestsPerMinute || requests === 1) return;
    await this.store.queue.rateLimit(Math.ceil(((requests - 1) * 60_000) / requestsPerMinute));
  }

  private async delay(job: StoredJob, token: string, ms: number): Promise<Error> {
    await job.moveToDelayed(Date.now() + ms, token);
    return new this.connection.bullmq.DelayedError();
  }

  private async giveBack(job: StoredJob, token: string): Promise<Error> {
    await job.moveToWait(token);
    return new this.connection.bullmq.WaitingError();
  }

  private async mustUpdate(
    job: StoredJob,
    token: string,
    changes: Partial<JobData>,
  ): Promise<void> {
    if (!(await this.update(job, token, changes))) throw new Error('taken over by another process');
  }

  /** Resolves with false if another process has the job: BullMQ checks no lock when it updates one. */
  private async update(job: StoredJob, token: string, changes: Partial<JobData>): Promise<boolean> {
    const { leaseMs } = this.connection.options;
    if ((await job.extendLock(token, leaseMs)) !== 1) return false;
    await job.updateData({ ...job.data, ...changes });
    return true;
  }

  private async track<T>(work: Promise<T>): Promise<T> {
    this.running.add(work);
    try {
      return await work;
    } finally {
      this.running.delete(work);
    }
  }
}
