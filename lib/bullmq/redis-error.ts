/** What clients of Redis reject with: plain errors, of whatever realm. */
interface RedisError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  /** Of a transaction that was given up before it began. */
  readonly previousErrors?: readonly RedisError[];
}

const BROKEN = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNABORTED',
]);
/** Redis is starting, stopping or changing its part: it will be there again. */
const PASSING = /^(LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|UNBLOCKED|NOREPLICAS|BUSY)\b/;
/**
 * It leads to what was the master once; or to a Redis that has forgotten a script, of which the client
 * is told only behind a transaction, and doesn't heed it.
 */
const STALE = /\b(READONLY|NOSCRIPT)\b/;
/** What clients say of a connection that is gone. */
const DISCONNECTED =
  /connection (is )?close|isn't (writeable|ready)|disconnect|timed out|timeout|redirections|No master|max retries per request|(socket|client)( is)? closed/i;

const FOR_GOOD =
  /^(WRONGPASS|NOAUTH|NOPERM|ERR (invalid password|AUTH|Client sent AUTH))|optional 'ioredis' package|Redis version needs/;

/** Whether what failed may work in a moment, on another connection. */
export function isOutage(error: unknown): boolean {
  const { name, code = '', message = '' } = causeOf(error);
  if (BROKEN.has(code) || PASSING.test(message) || STALE.test(message)) return true;
  return name !== 'ReplyError' && DISCONNECTED.test(message);
}

/** Whether it may work on another connection only. */
export function isStale(error: unknown): boolean {
  return STALE.test(causeOf(error).message ?? '');
}

/** Whether that doesn't come right by itself: a password, an old Redis, a missing package. */
export function isForGood(problem: string): boolean {
  return FOR_GOOD.test(problem);
}

/** In words for a log line; Redis's own texts hold no values of ours. */
export function describeProblem(error: unknown): string {
  const { name, code, message } = causeOf(error);
  if (code !== undefined && BROKEN.has(code)) return `Redis is away (${code})`;
  return message ? message : `Redis is away (${name ?? 'unknown error'})`;
}

function causeOf(error: unknown): RedisError {
  const known = (error ?? {}) as RedisError;
  return known.previousErrors?.[0] ?? known;
}
