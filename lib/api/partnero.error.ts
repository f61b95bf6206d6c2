/** What kind of trouble a call to Partnero ended in. The list is closed. */
export type PartneroErrorKind =
  /** Our DTOs refused the input; nothing was sent. */
  | 'invalid_input'
  /** 400. On create customer: an unknown partner. */
  | 'bad_request'
  /** 401: the API key is missing, wrong or revoked. */
  | 'unauthorized'
  /** 403: the key or the account may not do this. */
  | 'forbidden'
  /** 404 in Partnero's own words. */
  | 'not_found'
  /** 409: it exists already. Not documented, but seen. */
  | 'conflict'
  /** 422: a field is wrong, or the key is taken. */
  | 'validation'
  /** 429. */
  | 'rate_limited'
  /** 5xx or 408: trouble on Partnero's side. */
  | 'server'
  /** 2xx whose body says `status: 0`. */
  | 'failed'
  /** 2xx whose body isn't Partnero's JSON. */
  | 'unreadable'
  /** A status that Partnero doesn't document here, or one in somebody else's words: a wrong `baseUrl`, a proxy. */
  | 'unexpected'
  /** No whole answer within `timeoutMs`. */
  | 'timeout'
  /** No connection, or it broke. */
  | 'network'
  /** The caller's `AbortSignal`. */
  | 'aborted'
  /** The outbox can't keep what it is to deliver: of `record()`, `refund()` and `erase()` only. */
  | 'outbox_unavailable';

/** Errors of fields as Partnero gives them: name of the field to messages. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>;

const RETRYABLE: ReadonlySet<PartneroErrorKind> = new Set([
  'rate_limited',
  'server',
  'failed',
  'unreadable',
  'timeout',
  'network',
  'outbox_unavailable',
]);

/**
 * The one error that calls to Partnero reject with. It holds nothing secret, in no form: not the API
 * key, not what was sent, not what was answered. Of what Partnero says, only rules on fields are kept,
 * with e-mail addresses and everything that was sent blanked out.
 *
 * @example
 * try {
 *   await partnero.customers.get('user-42')
 * } catch (error) {
 *   if (error instanceof PartneroError && error.kind === 'not_found') return null
 *   throw error
 * }
 */
export class PartneroError extends Error {
  override readonly name = 'PartneroError';
  readonly kind: PartneroErrorKind;
  /** HTTP status, if there was an answer. */
  readonly status: number | undefined;
  /** Node's or the system's code of a broken connection, such as `ECONNREFUSED`. */
  readonly code: string | undefined;
  /** The same call may succeed later. Whether it is safe to repeat is another question: see `ambiguous`. */
  readonly retryable: boolean;
  /** It is unknown whether Partnero carried the call out. Never true for a call that only reads. */
  readonly ambiguous: boolean;
  /** What Partnero asked for with a 429. Milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Of a 422 or of our own DTOs, without values. Empty if none were named. */
  readonly fieldErrors: FieldErrors;

  constructor(
    init: Pick<PartneroError, 'kind' | 'message'> &
      Partial<
        Pick<PartneroError, 'status' | 'code' | 'ambiguous' | 'retryAfterMs' | 'fieldErrors'>
      >,
  ) {
    super(init.message);
    this.kind = init.kind;
    this.status = init.status;
    this.code = init.code;
    this.retryable = RETRYABLE.has(init.kind);
    this.ambiguous = init.ambiguous ?? false;
    this.retryAfterMs = init.retryAfterMs;
    this.fieldErrors = init.fieldErrors ?? {};
  }
}
