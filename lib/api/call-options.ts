/** Of a single call. */
export interface CallOptions {
  /** Cuts the call off; it then rejects with the kind `aborted`. */
  readonly signal?: AbortSignal | undefined;
}
