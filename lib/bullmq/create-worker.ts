import type { Worker } from 'bullmq';
import { fullJitter } from '../outbox/backoff.js';
import type { Delivery } from '../outbox/delivery.js';
import type { JobData, StoredJob } from './bullmq-job.js';
import type { QueueConnection } from './queue-connection.js';
import { ownConnection } from './redis-connection.js';

/** A call of `rateLimit()` exceeds any limit. BullMQ ignores it without a limiter. */
export const NO_LIMIT = 1_000_000_000;
/** How long a worker sleeps that was rate limited, until it looks whether it still is. */
const LIMIT_POLL_MS = 1_000;
const RETRY_MS = 1_000;

/** A failed attempt, to be retried. */
export class FailedAttempt extends Error {
  override readonly name = 'FailedAttempt';

  constructor(
    reason: string,
    readonly afterMs: number,
  ) {
    super(reason);
  }
}

type Process = (job: StoredJob, token: string, signal: AbortSignal) => Promise<string>;

export interface OwnWorker {
  readonly worker: Worker<JobData, string>;
  /** Ends its connections, as far as BullMQ doesn't. */
  dispose(): void;
}

export function createWorker(
  { bullmq, options, queue }: QueueConnection,
  delivery: Delivery,
  process: Process,
): OwnWorker {
  const { prefix, telemetry, leaseMs, connection: given } = options;
  const { concurrency, requestsPerMinute, initialBackoffMs, maxBackoffMs } = delivery;
  const { connection, dispose } = ownConnection(given, {
    enableOfflineQueue: true,
    maxRetriesPerRequest: null,
  });
  // One request at a time, or at high rates as many as are due in 10 ms.
  const max = requestsPerMinute ? Math.ceil(requestsPerMinute / 6_000) : NO_LIMIT;
  const duration = requestsPerMinute ? (max * 60_000) / requestsPerMinute : 1_000;
  const worker = new bullmq.Worker<JobData, string>(
    queue.name,
    // BullMQ passes a signal only to functions of three parameters.
    (job, token, signal) => process(job, token ?? '', signal ?? new AbortController().signal),
    {
      ...{ connection, prefix, concurrency, limiter: { max, duration } },
      ...(telemetry && { telemetry }),
      lockDuration: leaseMs,
      stalledInterval: Math.ceil(leaseMs / 3),
      // However often a process is killed, no job fails for it.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      maximumRateLimitDelay: LIMIT_POLL_MS,
      runRetryDelay: RETRY_MS,
      settings: {
        backoffStrategy: (_made, _type, error) =>
          error instanceof FailedAttempt ? error.afterMs : RETRY_MS,
      },
    },
  );
  return { worker, dispose };
}
