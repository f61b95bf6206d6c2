import type { Worker } from 'bullmq';
import type { Delivery } from '../outbox/delivery.js';
import type { JobData, StoredJob } from './bullmq-job.js';
import { ownConnection, type QueueConnection } from './queue-connection.js';

/** A call of `rateLimit()` exceeds any limit. Without a limit, BullMQ ignores it. */
export const NO_LIMIT = 1_000_000_000;
/** How long a worker sleeps at most that was rate limited. */
const LIMIT_POLL_MS = 1_000;
const RETRY_MS = 1_000;

/** A failed attempt, to be retried. */
export class FailedAttempt extends Error {
  override readonly name = 'FailedAttempt';

  constructor(
    reason: string,
    readonly delayMs: number,
  ) {
    super(reason);
  }
}

export type JobWorker = Worker<JobData, string>;

/** @returns the worker, and what ends its connection if BullMQ doesn't */
export function createWorker(
  { bullmq, options, queue }: QueueConnection,
  { concurrency, requestsPerMinute }: Delivery,
  process: (job: StoredJob, token: string, signal: AbortSignal) => Promise<string>,
): { worker: JobWorker; dispose: () => void } {
  const { prefix, telemetry, leaseMs } = options;
  const settings = { enableOfflineQueue: true, maxRetriesPerRequest: null };
  const { connection, dispose } = ownConnection(options.connection, settings);
  // One request at a time, or at high rates as many as are due in 10 ms.
  const max = requestsPerMinute ? Math.ceil(requestsPerMinute / 6_000) : NO_LIMIT;
  const duration = requestsPerMinute ? (max * 60_000) / requestsPerMinute : 1_000;
  const worker = new bullmq.Worker<JobData, string>(
    queue.name,
    // BullMQ passes a signal only to functions of three parameters.
    (job, token, signal) => process(job, token ?? '', signal ?? new AbortController().signal),
    {
      connection,
      prefix,
      concurrency,
      limiter: { max, duration },
      lockDuration: leaseMs,
      stalledInterval: Math.ceil(leaseMs / 3),
      // However often its process is killed, a job doesn't fail for that.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      maximumRateLimitDelay: LIMIT_POLL_MS,
      runRetryDelay: RETRY_MS,
      settings: {
        backoffStrategy: (_attempts, _type, error) =>
          error instanceof FailedAttempt ? error.delayMs : RETRY_MS,
      },
      ...(telemetry && { telemetry }),
    },
  );
  return { worker, dispose };
}
