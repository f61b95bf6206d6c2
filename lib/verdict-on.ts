import { PartneroError } from './api/partnero.error.js';
import type { Verdict } from './outbox/verdict.js';

/**
 * What an error of a delivery means that is no verdict on the job itself: the key is refused, the rate
 * limited, or it may pass.
 * @throws whatever isn't a PartneroError
 */
export function verdictOn(error: unknown): Verdict {
  if (!(error instanceof PartneroError)) throw error;
  switch (error.kind) {
    case 'unauthorized':
    case 'forbidden':
      return { type: 'refused', reason: reasonOf(error) };
    case 'rate_limited':
      return { type: 'rate_limited', retryAfterMs: error.retryAfterMs };
    default:
      return { type: 'retry', reason: reasonOf(error) };
  }
}

/** Such as `422 email,tags`, `503`, `network ECONNREFUSED`. */
export function reasonOf(error: PartneroError): string {
  const { status, kind, code } = error;
  const fields = Object.keys(error.fieldErrors).join(',');
  const what = status === undefined ? [kind, code] : [status, status < 300 ? kind : undefined];
  return [...what, fields].filter(Boolean).join(' ');
}

/** Partnero has decided, in its own words. */
export function isRefusal(error: unknown): error is PartneroError {
  return error instanceof PartneroError && REFUSALS.has(error.kind);
}

const REFUSALS: ReadonlySet<string> = new Set([
  'bad_request',
  'not_found',
  'conflict',
  'validation',
]);
