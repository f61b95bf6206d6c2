import type { CutOff } from './deadline.js';
import { fieldErrorsOf, isRefusal } from './envelope.js';
import { PartneroError, type PartneroErrorKind } from './partnero.error.js';
import { Redactor } from './redact.js';
import { idsIn, nameOf, type PartneroRequest } from './request.js';
import { parseRetryAfter } from './retry-after.js';

type Body = Record<string, unknown> | undefined;
type Facts = Omit<ConstructorParameters<typeof PartneroError>[0], 'kind' | 'message'>;

// Only in Partnero's own words: a proxy's 404 must not be taken for its verdict.
const IN_PARTNEROS_WORDS: Readonly<Record<number, PartneroErrorKind>> = {
  400: 'bad_request',
  404: 'not_found',
  409: 'conflict',
  422: 'validation',
};

/** Turns everything that isn't a successful answer into a {@link PartneroError}. */
export class AnswerErrors {
  private readonly call: string;
  private readonly redactor: Redactor;
  private readonly writes: boolean;

  constructor(
    request: PartneroRequest,
    apiKey: string | undefined,
    private readonly baseUrl: string,
  ) {
    this.call = nameOf(request);
    this.redactor = new Redactor(request.body, request.query, idsIn(request), apiKey);
    this.writes = (request.method ?? 'GET') !== 'GET';
  }

  noKey(): PartneroError {
    return this.unsent(
      'unauthorized',
      'there is no API key. Set PARTNERO_API_KEY, or the apiKey option (Partnero: Program, ' +
        'Integration, API)',
    );
  }

  abortedUnsent(): PartneroError {
    return this.unsent('aborted', 'its caller had cut it off before');
  }

  fromStatus(status: number, body: Body, retryAfter: unknown): PartneroError {
    const kind = kindOf(status, body);
    const fieldErrors = this.fieldErrorsIn(body);
    const fields = Object.keys(fieldErrors);
    const named = fields.length > 0 ? ` Fields: ${fields.join(', ')}.` : '';
    return new PartneroError({
      kind,
      status,
      message: `${this.call} was answered ${status}. ${ADVICE[kind] ?? ''}${named}`.trim(),
      fieldErrors,
      retryAfterMs: status === 429 ? parseRetryAfter(retryAfter, Date.now()) : undefined,
      ambiguous: this.writes && (kind === 'server' || kind === 'unexpected'),
    });
  }

  /** A 2xx that isn't Partnero's JSON: something else answered, or the answer was cut off. */
  unreadable(status?: number): PartneroError {
    const what = `was answered${status ? ` ${status}` : ''} with something other than Partnero's JSON`;
    const why = 'A proxy may have answered, or baseUrl points elsewhere.';
    return this.unclear('unreadable', `${what}. ${why}`, { status });
  }

  failed(status: number, body: Record<string, unknown>): PartneroError {
    const fieldErrors = this.fieldErrorsIn(body);
    const what = `was answered ${status}, but its body says that it failed.`;
    return this.unclear('failed', what, { status, fieldErrors });
  }

  /** What axios threw holds the API key in more than one place: only its code is taken. */
  fromThrown(error: unknown, cutOff: CutOff | null): PartneroError {
    if (error instanceof PartneroError) return error;
    switch (cutOff) {
      case 'unsent':
        return this.unsent(
          'aborted',
          'there was no connection in time. Partnero may be slow to connect to, or this process ' +
            'stood still',
        );
      case 'aborted':
        return this.unclear('aborted', 'was cut off by its caller.');
      case 'timeout':
        return this.unclear('timeout', 'was not answered in time. Partnero is slow or hanging.');
      case null:
    }
    const code = codeOf(error);
    if (code && UNREADABLE.test(code)) return this.unreadable();
    return this.unclear('network', `failed: ${explainNetwork(code, this.baseUrl)}`, {
      code,
      ambiguous: this.writes && !NEVER_CONNECTED.has(code ?? ''),
    });
  }

  private unsent(kind: PartneroErrorKind, why: string): PartneroError {
    return new PartneroError({ kind, message: `${this.call} was not sent: ${why}.` });
  }

  /** A call that writes may have been carried out. */
  private unclear(kind: PartneroErrorKind, what: string, facts: Facts = {}): PartneroError {
    return new PartneroError({
      kind,
      message: `${this.call} ${what}`,
      ambiguous: this.writes,
      ...facts,
    });
  }

  /** In the response to a call that reads, a message could be about anybody. */
  private fieldErrorsIn(body: Body): Record<string, string[]> {
    if (!body) return {};
    const { redactor } = this;
    const message = (text: string) => (this.writes ? redactor.message(text) : '…');
    return fieldErrorsOf(body, { fieldName: (name) => redactor.fieldName(name), message });
  }
}

const ADVICE: Partial<Record<PartneroErrorKind, string>> = {
  bad_request: 'Partnero refused it; on create customer that means an unknown partner.',
  unauthorized: 'The API key is wrong or revoked: check PARTNERO_API_KEY, or the apiKey option.',
  forbidden: 'The API key or the account may not do this: check both in Partnero.',
  not_found: "There is no such thing in this key's program.",
  conflict: 'It exists already.',
  validation: 'A field is wrong, or the key is taken.',
  rate_limited: 'Too many requests: wait, or set delivery.requestsPerMinute.',
  server: 'Trouble on the side of Partnero: try again later.',
  unexpected: 'That is no answer of Partnero: check baseUrl, and any proxy between.',
};

/** Too large, or not decompressed by zlib. */
const UNREADABLE = /^(ERR_BAD_RESPONSE$|ERR__ERROR_FORMAT|Z_|ERR_BROTLI|ERR_PADDING)/;

const NEVER_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

function kindOf(status: number, body: Body): PartneroErrorKind {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 429) return 'rate_limited';
  if (status === 408 || status >= 500) return 'server';
  const kind = IN_PARTNEROS_WORDS[status];
  return kind && body && isRefusal(body) ? kind : 'unexpected';
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[A-Z_\d]{2,40}$/.test(code) ? code : undefined;
}

function explainNetwork(code: string | undefined, baseUrl: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return `${baseUrl} refused the connection. Check baseUrl, and that this host may reach it.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name of ${baseUrl} could not be resolved. Check baseUrl and DNS.`;
    case 'EPROTO':
      return `${baseUrl} doesn't speak TLS. Check whether baseUrl should begin with http instead of https.`;
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection broke before the answer was complete.';
    default:
      return `the connection failed${code ? ` (${code})` : ''}.`;
  }
}
