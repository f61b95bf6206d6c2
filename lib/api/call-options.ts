/** Of a single call. */
export interface CallOptions {
  /** Cuts the call off, also between retries; it then rejects with the kind `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** Of each attempt, body included. Milliseconds. Default: the module's `timeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /**
   * Rejects with the kind `aborted`, unsent, if the connection isn't made after this time. Counts from
   * the start of each attempt, also while the process stands still. Milliseconds. Default: no limit.
   */
  readonly sendWithinMs?: number | undefined;
  /**
   * How often the call is repeated if it fails in a way that may pass. Only calls that do no more if
   * they are carried out twice are ever repeated. Default: the module's `retries`; 0: never.
   */
  readonly retries?: number | undefined;
}
