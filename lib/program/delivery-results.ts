import { PartneroError } from '../api/partnero.error.js';
import type { CompletedResult, DeliveryResult } from '../outbox/delivery-result.js';

/** Makes the delivery result of a job that has come to its end. */
export type Completed<TOutcome extends string> = (
  outcome: TOutcome,
  attempt: { readonly requests: number },
  reason?: string,
) => CompletedResult;

export function completedWith(
  outcome: string,
  { requests }: { readonly requests: number },
  reason?: string,
): CompletedResult {
  return { type: 'completed', outcome, reason, requests };
}

/** Another process has the job: nothing more is sent here. */
export const TAKEN_OVER: DeliveryResult = { type: 'defer', reason: 'taken_over', ms: 0 };

/**
 * The delivery result for an error that says nothing about the job itself: Partnero rejected the API
 * key, limited the rate, or failed in a way that may pass.
 * @throws whatever isn't a PartneroError
 */
export function failureResult(error: unknown): DeliveryResult {
  if (!(error instanceof PartneroError)) throw error;
  switch (error.kind) {
    case 'unauthorized':
    case 'forbidden':
      return { type: 'unauthorized', reason: reasonOf(error) };
    case 'rate_limited':
      return { type: 'rateLimited', retryAfterMs: error.retryAfterMs };
    default:
      return { type: 'retry', reason: reasonOf(error) };
  }
}

const MAX_REASON = 200;

/** Such as `422 email,tags`, `503`, `network ECONNREFUSED`. */
export function reasonOf(error: PartneroError): string {
  const { status, kind, code } = error;
  const fields = Object.keys(error.fieldErrors).join(',');
  const what = status === undefined ? [kind, code] : [status, status < 300 ? kind : undefined];
  return [...what, fields].filter(Boolean).join(' ').slice(0, MAX_REASON);
}

/** Whether Partnero itself refused the request for good, rather than something on the way to it. */
export function isRefusal(error: unknown): error is PartneroError {
  return error instanceof PartneroError && REFUSALS.has(error.kind);
}

/** Whether it can't be sent at all, in a way that no later attempt changes. */
export function isInvalid(error: unknown): error is PartneroError {
  return error instanceof PartneroError && error.kind === 'invalid_input';
}

/** Whether the request certainly changed nothing: it never left, or Partnero said so. */
export function isUndone(error: unknown): boolean {
  return error instanceof PartneroError && !error.ambiguous;
}

const REFUSALS: ReadonlySet<string> = new Set([
  'bad_request',
  'not_found',
  'conflict',
  'validation',
]);
