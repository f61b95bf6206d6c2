import { sleep } from '../common/sleep.js';
import type { ApiCaller } from './api.caller.js';
import type { Envelope } from './envelope.js';
import { PartneroError } from './partnero.error.js';
import { nameOf, type ApiRequest } from './request.js';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;
const MOST_RETRIES = 10;

/**
 * Repeats what failed in a way that may pass, if it does no more when it is carried out twice:
 * `GET`, `PUT`, `DELETE`, and what a resource says is repeatable. Each attempt has its own time limit.
 * Between them it waits for 250 ms, doubled each time, with jitter, at most 10 s; after a 429 as long
 * as `Retry-After` says, or not at all if that is longer.
 */
export class RetryingCaller implements ApiCaller {
  constructor(
    private readonly caller: ApiCaller,
    private readonly options: { readonly retries: number },
  ) {}

  async send<T = unknown>(request: ApiRequest): Promise<Envelope<T>> {
    const retries = isRepeatable(request) ? bounded(request.retries ?? this.options.retries) : 0;
    let mayBeDone = false;
    for (let failed = 0; ; failed += 1) {
      try {
        return await this.caller.send<T>(request);
      } catch (error) {
        if (!(error instanceof PartneroError)) throw error;
        if (mayBeDone && error.kind === request.doneIf) return {};
        mayBeDone ||= error.ambiguous;
        const waitMs = waitAfter(error, failed);
        const isLast = failed >= retries || !error.retryable || waitMs > LONGEST_WAIT_MS;
        if (isLast) throw withAmbiguity(error, mayBeDone);
        await sleep(waitMs, request.signal, { ref: true });
        if (request.signal?.aborted) throw aborted(request, mayBeDone);
      }
    }
  }
}

function isRepeatable({ method = 'GET', repeatable }: ApiRequest): boolean {
  return ['GET', 'PUT', 'DELETE'].includes(method) ? repeatable !== false : repeatable === true;
}

function bounded(retries: number): number {
  return retries > 0 ? Math.min(retries, MOST_RETRIES) : 0;
}

function waitAfter({ retryAfterMs }: PartneroError, failed: number): number {
  if (retryAfterMs !== undefined) return retryAfterMs;
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failed);
  return longest * (0.5 + Math.random() / 2);
}

/** An earlier attempt may have been carried out, whatever the last one met with. */
function withAmbiguity(error: PartneroError, mayBeDone: boolean): PartneroError {
  if (error.ambiguous === mayBeDone) return error;
  const { kind, message, status, code, retryAfterMs, fieldErrors } = error;
  const init = { kind, message, status, code, retryAfterMs, fieldErrors };
  return new PartneroError({ ...init, ambiguous: mayBeDone });
}

function aborted(request: ApiRequest, mayBeDone: boolean): PartneroError {
  return new PartneroError({
    kind: 'aborted',
    message: `${nameOf(request)} was cut off by its caller, between two attempts.`,
    ambiguous: mayBeDone,
  });
}
