import { OptionCheck } from '../common/option-check.js';

/** How jobs are delivered, and how often that is tried. */
export interface DeliveryOptions {
  /**
   * Jobs delivered at once by this process. 0: this process only queues jobs, and another one on the
   * same outbox delivers them. Of webhook events, as many at once for each handler. Default 10.
   */
  concurrency?: number | undefined;
  /**
   * A job that fails when its first failure is older moves to the dead letters (`dead`), from where
   * `requeue()` delivers it again. Days; default 14.
   */
  maxAgeDays?: number | undefined;
  /** Backoff after the first failure, doubled after each further one. Milliseconds; default 1,000. */
  initialBackoffMs?: number | undefined;
  /**
   * The longest backoff. While Partnero is unreachable, also the longest wait between two attempts if it
   * is less than a minute. Milliseconds; default 900,000 (15 minutes).
   */
  maxBackoffMs?: number | undefined;
  /**
   * Sends no faster than this. Counted per process with `sqliteOutbox()` and `postgresOutbox()`: divide
   * it by their number; over all processes with `bullmqOutbox()`. Partnero publishes no limit; after a
   * 429, nothing is sent for a while in any case. Default: no limit.
   */
  requestsPerMinute?: number | undefined;
  /**
   * If a sale was sent without a response, we wait this long before checking whether Partnero recorded
   * it, since Partnero's own write may land late. Milliseconds; default 60,000.
   */
  ambiguousGraceMs?: number | undefined;
}

const DAY_MS = 86_400_000;

/** @throws PartneroConfigurationError naming the option */
export function resolveDeliveryOptions(given: DeliveryOptions | undefined) {
  const check = new OptionCheck(given, 'delivery', [
    'concurrency',
    'maxAgeDays',
    'initialBackoffMs',
    'maxBackoffMs',
    'requestsPerMinute',
    'ambiguousGraceMs',
  ]);
  const rate = check.number('requestsPerMinute', Infinity, { min: 0.1, max: Infinity });
  const initialBackoffMs = check.number('initialBackoffMs', 1_000, { min: 1, max: 3_600_000 });
  return {
    concurrency: check.integer('concurrency', 10, { min: 0, max: 1_000 }),
    maxAgeMs: check.number('maxAgeDays', 14, { min: 0, max: 3_650 }) * DAY_MS,
    initialBackoffMs,
    maxBackoffMs: check.number('maxBackoffMs', Math.max(900_000, initialBackoffMs), {
      min: initialBackoffMs,
      max: 86_400_000,
    }),
    requestsPerMinute: rate === Infinity ? undefined : rate,
    ambiguousGraceMs: check.integer('ambiguousGraceMs', 60_000, { min: 0, max: 3_600_000 }),
  };
}
