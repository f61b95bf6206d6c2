/** What one attempt to deliver a job led to. */
export type DeliveryResult =
  | CompletedResult
  | RetryResult
  /** Try again later. This wasn't an attempt. */
  | { readonly type: 'defer'; readonly reason: string; readonly ms: number }
  /** Partnero responded 429: send nothing for a while. Doesn't count as an attempt. */
  | { readonly type: 'rateLimited'; readonly retryAfterMs: number | undefined }
  /** Partnero rejected the API key: send nothing until it is accepted. Doesn't count as an attempt. */
  | { readonly type: 'unauthorized'; readonly reason: string };

/** Final: the job is never sent again. */
export interface CompletedResult {
  readonly type: 'completed';
  readonly outcome: string;
  /** A status and names of fields, or one word. Never a value. */
  readonly reason?: string | undefined;
  /** Further facts for the history. Never personal data. */
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
  /** How many requests it took; 0 if nothing was sent. Default 1. */
  readonly requests?: number | undefined;
  /** The job took no effect: another job may use its key. */
  readonly releasesKey?: boolean | undefined;
  /** Deletes the history of this ordering key, this job included. The counts stay. */
  readonly purgesHistory?: boolean | undefined;
}

/** A transient failure: try again with backoff, until the job has been failing for `maxAgeDays`. */
export interface RetryResult {
  readonly type: 'retry';
  readonly reason: string;
  /** The fault lies with this job and says nothing about Partnero's health. */
  readonly jobOnly?: boolean | undefined;
  /** The earliest time of the next attempt, in milliseconds from now. */
  readonly afterMs?: number | undefined;
}

/** How a job ended: with an outcome, or in the dead letters. */
export type JobEnd = CompletedResult | { readonly type: 'dead'; readonly reason: string };
