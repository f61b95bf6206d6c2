/** A job could not be saved. Holds nothing of the job. */
export abstract class OutboxError extends Error {
  /** One word or two, for outcomes: `SQLITE_FULL`, `timeout`. */
  abstract readonly reason: string;
  /** Whether the job may have been saved all the same. */
  readonly mayBeSaved: boolean = false;
}
