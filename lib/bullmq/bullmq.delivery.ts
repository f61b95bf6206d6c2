import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { exponential, fullJitter } from '../outbox/backoff.js';
import type { Delivery, DeliveryControl, Pause, PauseReason } from '../outbox/delivery.js';
import type { CompletedResult, DeliveryResult, RetryResult } from '../outbox/delivery-result.js';
import type { Job } from '../outbox/job.js';
import type { OutboxLog } from '../outbox/outbox-engine.js';
import { errorMessage } from '../error-message.js';
import { ThrottledLogger } from '../throttled-logger.js';
import { within } from '../within.js';
import { bullmqIdOf, toEnded, toJob, type JobData, type StoredJob } from './bullmq-job.js';
import { createWorker, FailedAttempt, NO_LIMIT, type OwnWorker } from './bullmq-worker.js';
import type { CustomerRecords } from './customer-records.js';
import { DeliveryPauses } from './delivery-pauses.js';
import { JobOrder } from './job-order.js';
import type { JobStore } from './job-store.js';
import type { QueueConnection } from './queue-connection.js';
import type { RedisClient } from './redis-client.js';

/** For attempts to end after they were aborted. */
const ABORT_GRACE_MS = 200;
const CLOSE_MS = 1_000;
const DRAIN_POLL_MS = 20;
const RATE_LIMIT = { minMs: 1_000, maxMs: 900_000 };
/** When a job is looked at again that Redis failed for. */
const REDIS_FAILED_MS = 1_000;
/** The errors that tell BullMQ what to do with a job. */
const INSTRUCTIONS = new Set([
  'DelayedError',
  'WaitingError',
  'RateLimitError',
  'UnrecoverableError',
  'FailedAttempt',
]);

/** Sends the jobs of the queue with a `Worker` of BullMQ. */
export class BullmqDelivery implements DeliveryControl {
  private readonly own: OwnWorker;
  private readonly pauses: DeliveryPauses;
  private readonly order: JobOrder;
  /** On the connection of the worker, which waits for Redis: so that no result is lost. */
  private readonly records: CustomerRecords;
  private readonly inContext = AsyncLocalStorage.snapshot();
  /** Jobs as they were before their payload was erased. */
  private readonly originals = new WeakMap<StoredJob, Job>();
  private readonly running = new Set<Promise<unknown>>();
  private rateLimits = 0;
  private draining: Promise<void> | undefined;
  private isOver = false;

  constructor(
    private readonly connection: QueueConnection,
    private readonly store: JobStore,
    private readonly delivery: Delivery,
    log: OutboxLog,
    pendingCount: () => Promise<number>,
  ) {
    this.order = new JobOrder(store);
    this.own = createWorker(connection, delivery, (job, token, signal) =>
      this.inContext(() => this.track(this.process(job, token, signal))),
    );
    const { worker } = this.own;
    this.pauses = new DeliveryPauses(worker, delivery, log, pendingCount);
    let client: RedisClient | undefined;
    void worker.getBackend().client.then((ready) => (client = ready as unknown as RedisClient));
    this.records = store.records.on(() => client ?? connection.client);
    worker.on('completed', (job) => this.ended(job));
    worker.on('failed', (job, { message: reason }) => {
      if (job?.finishedOn) this.delivery.onEnd(this.originalOf(job), { type: 'dead', reason });
    });
    worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) worker.cancelJob(id, 'taken over');
    });
    const trouble = new ThrottledLogger((message) => log.warn(message));
    worker.on('error', (error) => {
      // Otherwise it is logged already.
      if (connection.isUsable) trouble.warn('', () => `BullMQ reports: ${errorMessage(error)}`);
    });
  }

  get paused(): Pause | null {
    return this.pauses.current;
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

  private async finish(capMs: number): Promise<void> {
    const { worker } = this.own;
    const end = performance.now() + capMs;
    const left = () => Math.max(0, end - performance.now());
    while (left() > 0 && (await within(left(), this.hasDue()))) await sleep(DRAIN_POLL_MS);
    this.isOver = true;
    this.pauses.close();
    const leftMs = left();
    const abort = setTimeout(() => worker.cancelAllJobs('shutdown'), leftMs);
    const closing = worker.close().then(() => Promise.allSettled(this.running));
    const isClosed = await within(leftMs + ABORT_GRACE_MS + CLOSE_MS, closing);
    // If Redis doesn't respond, the locks of what is being sent end by themselves.
    if (!isClosed) worker.disconnect().catch(() => {});
    clearTimeout(abort);
    this.own.dispose();
  }

  private async hasDue(): Promise<boolean> {
    if (this.pauses.current || !this.connection.isUsable) return false;
    const { queue } = this.store;
    const [waiting, isPaused, limitedMs] = await Promise.all([
      queue.getJobCountByTypes('waiting', 'prioritized'),
      queue.isPaused(),
      queue.getRateLimitTtl(NO_LIMIT),
    ]).catch(() => [0, true, 0] as const);
    return !isPaused && limitedMs <= 0 && (waiting > 0 || this.running.size > 0);
  }

  /** Rejects only with an instruction for BullMQ: any other error would be a failed attempt. */
  private async process(job: StoredJob, token: string, signal: AbortSignal): Promise<string> {
    try {
      return await this.attempt(job, token, signal);
    } catch (error) {
      if (INSTRUCTIONS.has((error as Error).name)) throw error;
      return this.delay(job, token, REDIS_FAILED_MS);
    }
  }

  private async attempt(job: StoredJob, token: string, signal: AbortSignal): Promise<string> {
    if (this.isOver || this.pauses.current) return this.giveBack(job, token);
    // A process was killed while it ended the job.
    if (job.data.result) return this.complete(job, token, job.data.result);
    const blocked = await this.order.check(job);
    if (blocked && 'waitMs' in blocked) {
      await this.moveToDelayed(job, token, blocked.waitMs);
      // The one before it may have ended in the meantime.
      if (!(await this.order.mustWait(job))) await this.store.promote(job);
      throw new this.connection.bullmq.DelayedError();
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
    const original = toJob(job);
    this.originals.set(job, original);
    let isSending = true;
    const save = async (checkpoint: string): Promise<boolean> => {
      if (!isSending || !(await this.owns(job, token))) return false;
      await job.updateProgress({ checkpoint });
      return true;
    };
    const aborted = new Promise<undefined>((resolve) => {
      const end = () => setTimeout(resolve, ABORT_GRACE_MS, undefined);
      signal.addEventListener('abort', end, { once: true });
    });
    const sending = this.delivery.deliver(original, signal, { save });
    return Promise.race([sending, aborted]).finally(() => (isSending = false));
  }

  private async act(job: StoredJob, token: string, result: DeliveryResult): Promise<string> {
    switch (result.type) {
      case 'completed':
        await this.responded(result.requests ?? 1);
        return this.complete(job, token, result);
      case 'defer':
        return this.delay(job, token, result.ms);
      case 'rateLimited':
        await this.limitRate(result.retryAfterMs);
        throw new this.connection.bullmq.RateLimitError();
      case 'unauthorized':
        if (!(await this.pauses.unauthorized())) return this.giveBack(job, token);
        return this.fail(job, token, { ...result, type: 'retry' });
      case 'retry':
        if (!result.jobOnly) this.pauses.failed(result.reason);
        return this.fail(job, token, result);
    }
  }

  private async fail(job: StoredJob, token: string, result: RetryResult): Promise<never> {
    const { maxAgeMs, initialBackoffMs, maxBackoffMs } = this.delivery;
    const { attemptsMade: attempts, data } = job;
    const failing = data.failing ?? { since: Date.now(), attempts };
    if (Date.now() - failing.since >= maxAgeMs) {
      // If a dashboard retries it, it has its full age again.
      await this.update(job, token, { ...data, failing: undefined });
      throw new this.connection.bullmq.UnrecoverableError(result.reason);
    }
    if (!data.failing) await this.update(job, token, { ...data, failing });
    const backoffMs = fullJitter(attempts - failing.attempts, initialBackoffMs, maxBackoffMs);
    throw new FailedAttempt(result.reason, Math.max(backoffMs, result.afterMs ?? 0));
  }

  /** The payload is erased before the job counts as ended: so nothing keeps it any longer. */
  private async complete(job: StoredJob, token: string, result: CompletedResult): Promise<string> {
    const { orderingKey, result: before } = job.data;
    if (!this.originals.has(job)) this.originals.set(job, toJob(job));
    await this.update(job, token, { ...job.data, payload: null, result });
    // Otherwise a process counted its end, and was killed after that.
    if (!before || (await this.records.isPending(orderingKey, bullmqIdOf(job)))) {
      if (result.purgesHistory) await this.store.purgeHistory(orderingKey);
      await this.records.end(toEnded(job), result, job.timestamp);
    }
    // Another job may come with the same id.
    if (result.releasesKey || result.purgesHistory) job.opts.removeOnComplete = true;
    return result.outcome;
  }

  private ended(job: StoredJob): void {
    const { result, orderingKey } = job.data;
    if (!result) return;
    this.delivery.onEnd(this.originalOf(job), result);
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
    if (requests === 0) return;
    this.pauses.responded();
    this.rateLimits = 0;
    const { requestsPerMinute } = this.delivery;
    if (!requestsPerMinute || requests === 1) return;
    await this.store.queue.rateLimit(Math.ceil(((requests - 1) * 60_000) / requestsPerMinute));
  }

  private async delay(job: StoredJob, token: string, ms: number): Promise<never> {
    await this.moveToDelayed(job, token, ms);
    throw new this.connection.bullmq.DelayedError();
  }

  private async giveBack(job: StoredJob, token: string): Promise<never> {
    await job.moveToWait(token);
    throw new this.connection.bullmq.WaitingError();
  }

  private moveToDelayed(job: StoredJob, token: string, ms: number): Promise<void> {
    return job.moveToDelayed(Date.now() + ms, token);
  }

  /** BullMQ checks no lock when it updates a job. */
  private async update(job: StoredJob, token: string, data: JobData): Promise<void> {
    if (!(await this.owns(job, token))) throw new Error('taken over by another process');
    await job.updateData(data);
  }

  private async owns(job: StoredJob, token: string): Promise<boolean> {
    return (await job.extendLock(token, this.store.leaseMs)) === 1;
  }

  private originalOf(job: StoredJob): Job {
    return this.originals.get(job) ?? toJob(job);
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
