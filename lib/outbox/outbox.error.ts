/** A job could not be kept. Holds nothing of the job. */
export abstract class OutboxError extends Error {
  /** One word or two, for outcomes: `SQLITE_FULL`, `timeout`. */
  abstract readonly reason: string;
  /** Whether it may have been kept all the same. */
  readonly fateUnknown: boolean = false;
}
