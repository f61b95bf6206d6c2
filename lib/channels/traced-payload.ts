const TRACEPARENT = /^00-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;
/** A traceparent and a line feed, before the payload. No payload of ours starts like this. */
const LENGTH = 55;

/**
 * Saves the trace context of a job with its payload, so that every engine keeps it as long as it keeps
 * that. What isn't a W3C `traceparent` is left out.
 */
export function withTraceparent(payload: string, traceparent: string | undefined): string {
  return TRACEPARENT.test(traceparent ?? '') ? `${traceparent}\n${payload}` : payload;
}

/** The payload as it was, and its trace context. */
export function readTraced(saved: string): { payload: string; traceparent: string | undefined } {
  const traceparent = saved.slice(0, LENGTH);
  return saved[LENGTH] === '\n' && TRACEPARENT.test(traceparent)
    ? { payload: saved.slice(LENGTH + 1), traceparent }
    : { payload: saved, traceparent: undefined };
}
