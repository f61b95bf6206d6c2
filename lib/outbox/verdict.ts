/** What an attempt to deliver a job came to. */
export type Verdict =
  | SettledVerdict
  | RetryVerdict
  /** Not yet: it has to wait, and no attempt is used up. */
  | { readonly type: 'wait'; readonly reason: string; readonly ms: number }
  /** Partnero limits the rate: nothing of the program is sent for a while. No attempt used up. */
  | { readonly type: 'rate_limited'; readonly retryAfterMs: number | undefined }
  /** Partnero refuses the API key: the program pauses until a probe of the key succeeds. */
  | { readonly type: 'refused'; readonly reason: string };

/** Final: the job leaves the outbox with this outcome. */
export interface SettledVerdict {
  readonly type: 'settled';
  readonly outcome: string;
  /** A status and names of fields, or one word. Never a value. */
  readonly reason?: string | undefined;
  /** Further facts for the ledger. Never personal data. */
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
  /** How many requests it took; 0 if Partnero wasn't asked. Default 1. */
  readonly requests?: number | undefined;
  /** It took no effect: another job may come with its key. */
  readonly freesKey?: boolean | undefined;
  /** Of its lane, nothing that has ended is kept any more, this job included; the numbers stay. */
  readonly forgets?: boolean | undefined;
}

/** Transient: try again with backoff, until `maxAgeDays`. */
export interface RetryVerdict {
  readonly type: 'retry';
  readonly reason: string;
  /** True if the fault lies with this job, and says nothing about Partnero's health. */
  readonly jobOnly?: boolean | undefined;
  /** No sooner than after so many milliseconds. */
  readonly afterMs?: number | undefined;
}
