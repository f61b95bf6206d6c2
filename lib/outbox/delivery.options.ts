import { OptionCheck } from '../option-check.js';

/** How hard the relay tries. */
export interface DeliveryOptions {
  /**
   * Jobs delivered at once by this process. 0: this process only accepts, another one on the same
   * outbox delivers. Default 10.
   */
  concurrency?: number | undefined;
  /**
   * A job that has been failing for longer is given up as `dead`, and waits for `replay()`. Time in
   * which the program was paused or the app was down doesn't count. Days; default 14.
   */
  maxAgeDays?: number | undefined;
  /** Backoff after the first failure, doubled after each further one. Milliseconds; default 1,000. */
  initialBackoffMs?: number | undefined;
  /** The longest backoff. Milliseconds; default 900,000 (15 minutes). */
  maxBackoffMs?: number | undefined;
  /**
   * Never send faster than this, over all processes on the outbox. Partnero publishes no number;
   * without one, a 429 pauses the program. Default: no limit of our own.
   */
  requestsPerMinute?: number | undefined;
  /**
   * How long after a sale was sent without an answer Partnero is asked again whether it has it: its
   * own write may land late. Milliseconds; default 60,000.
   */
  ambiguousGraceMs?: number | undefined;
}

export interface ResolvedDeliveryOptions {
  readonly concurrency: number;
  readonly maxAgeMs: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly requestsPerMinute: number | undefined;
  readonly ambiguousGraceMs: number;
}

const DAY_MS = 86_400_000;

/** @throws PartneroConfigurationError naming the option */
export function resolveDeliveryOptions(
  given: DeliveryOptions | undefined,
): ResolvedDeliveryOptions {
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
