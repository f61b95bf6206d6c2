import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker, WorkerOptions } from 'bullmq';
import { errorMessage } from '../common/error-message.js';
import { ThrottledLogger } from '../common/throttled-logger.js';
import { within } from '../common/within.js';
import type { Delivery, DeliveryControl, Pause, PauseReason } from '../outbox/delivery.js';
import { DeliveryPauses } from '../outbox/delivery-pauses.js';
import type { OutboxLog } from '../outbox/outbox-engine.js';
import { toJob, type JobData, type StoredJob } from './bullmq-job.js';
import {
  ABORT_GRACE_MS,
  type AttemptContext,
  FailedAttempt,
  JobAttempt,
  NO_LIMIT,
  REDIS_FAILED_MS,
} from './job-attempt.js';
import type { JobStore } from './job-store.js';
import { ownConnection, type QueueConnection } from './queue-connection.js';

/** How long a worker sleeps at most that was rate limited. */
const LIMIT_POLL_MS = 1_000;
const CLOSE_MS = 1_000;
const DRAIN_POLL_MS = 20;

/** Sends the jobs of the queue with a `Worker` of BullMQ. */
export class BullmqDelivery implements DeliveryControl {
  private readonly worker: Worker<JobData, string>;
  /** Ends the connection, if BullMQ doesn't. */
  private readonly dispose: () => void;
  private readonly context: AttemptContext;
  private readonly inContext = AsyncLocalStorage.snapshot();
  private active = 0;
  private trial: NodeJS.Timeout | undefined;
  private draining: Promise<void> | undefined;

  constructor(
    connection: QueueConnection,
    store: JobStore,
    delivery: Delivery,
    log: OutboxLog,
    pendingCount: () => Promise<number>,
  ) {
    const onChange = () => this.steer();
    const pauses = new DeliveryPauses(delivery, log, { pendingCount, onChange });
    const isPaused = () => this.worker.closing !== undefined || this.paused !== null;
    this.context = { connection, store, delivery, pauses, isPaused };
    const settings = { enableOfflineQueue: true, maxRetriesPerRequest: null };
    const own = ownConnection(connection.options.connection, settings);
    this.dispose = own.dispose;
    const worker = new connection.bullmq.Worker<JobData, string>(
      store.queue.name,
      // BullMQ passes a signal only to functions of three parameters.
      (job, token, signal) => this.inContext(() => this.attempt(job, token, signal)),
      { ...workerOptions(delivery, connection), connection: own.connection },
    );
    this.worker = worker;
    worker.on('completed', (job) => this.completed(job));
    worker.on('failed', (job, error) => {
      const { message: reason } = error;
      if (job?.finishedOn) delivery.onEnd(toJob(job), { type: 'dead', reason });
      else if (job && error instanceof FailedAttempt) {
        const { attemptsMade: attempts } = job;
        delivery.onRetry?.(toJob(job), { reason, attempts, delayMs: error.delayMs });
      }
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
    const { current } = this.context.pauses;
    return current?.reason === 'unreachable' && Number(current.until) <= Date.now()
      ? null
      : current;
  }

  pause(reason: PauseReason): void {
    this.inContext(() => this.context.pauses.pause(reason));
  }

  resume(): void {
    this.inContext(() => this.context.pauses.resume());
  }

  drain(capMs: number): Promise<void> {
    this.draining ??= this.inContext(() => this.finish(capMs));
    return this.draining;
  }

  /** Pauses the worker of this process only: another one may have another key, or way to Partnero. */
  private steer(): void {
    const { worker, paused } = this;
    const { delivery, pauses } = this.context;
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
    this.context.pauses.close();
    clearTimeout(this.trial);
    const leftMs = left();
    const abort = setTimeout(() => worker.cancelAllJobs('shutdown'), leftMs);
    const closing = worker.close().then(() => true);
    // If Redis doesn't respond, the locks of what is being sent end by themselves.
    if (!(await within(leftMs + ABORT_GRACE_MS + CLOSE_MS, closing))) {
      worker.disconnect().catch(() => {});
    }
    clearTimeout(abort);
    this.dispose();
  }

  private async hasDue(): Promise<boolean> {
    const { connection, store } = this.context;
    if (this.paused || !connection.isUsable) return false;
    const { queue } = store;
    const [waiting, isPaused, limitedMs] = await Promise.all([
      queue.getJobCountByTypes('waiting', 'prioritized'),
      queue.isPaused(),
      queue.getRateLimitTtl(NO_LIMIT),
    ]).catch(() => [0, true, 0] as const);
    return !isPaused && limitedMs <= 0 && (waiting > 0 || this.active > 0);
  }

  private attempt(job: StoredJob, token = '', signal?: AbortSignal): Promise<string> {
    this.active += 1;
    const attempt = new JobAttempt(this.context, job, token, signal);
    return attempt.run().finally(() => (this.active -= 1));
  }

  private completed(job: StoredJob): void {
    const { connection, store, delivery } = this.context;
    const { result, orderingKey } = job.data;
    if (result) delivery.onEnd(toJob(job), result);
    void connection.writeEventually(() => store.promoteNext(orderingKey));
  }
}

function workerOptions(
  { concurrency, requestsPerMinute }: Delivery,
  { options: { prefix, telemetry, leaseMs } }: QueueConnection,
): Omit<WorkerOptions, 'connection'> {
  // One request at a time, or at high rates as many as are due in 10 ms.
  const max = requestsPerMinute ? Math.ceil(requestsPerMinute / 6_000) : NO_LIMIT;
  const duration = requestsPerMinute ? (max * 60_000) / requestsPerMinute : 1_000;
  return {
    prefix,
    concurrency,
    limiter: { max, duration },
    lockDuration: leaseMs,
    stalledInterval: Math.ceil(leaseMs / 3),
    // However often its process is killed, a job doesn't fail for that.
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    maximumRateLimitDelay: LIMIT_POLL_MS,
    runRetryDelay: REDIS_FAILED_MS,
    settings: {
      backoffStrategy: (_attempts, _type, error) =>
        error instanceof FailedAttempt ? error.delayMs : REDIS_FAILED_MS,
    },
    ...(telemetry && { telemetry }),
  };
}
