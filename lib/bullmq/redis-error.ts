type RedisError = NodeJS.ErrnoException & { readonly previousErrors?: readonly unknown[] };

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
const PASSING =
  /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|UNBLOCKED|NOREPLICAS|NOSCRIPT|BUSY)\b/;
/** What clients say of a connection that is gone. */
const DISCONNECTED =
  /connection (is )?close|isn't (writeable|ready)|disconnect|timed out|timeout|redirections|No master|max retries per request|(socket|client)( is)? closed/i;

const FOR_GOOD =
  /^(WRONGPASS|NOAUTH|NOPERM|ERR (invalid password|AUTH|Client sent AUTH))|optional 'ioredis' package|Redis version needs/;

/** Whether what failed may work in a moment, on another connection. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code = '', previousErrors = [] } = error as RedisError;
  // Of a transaction.
  if (previousErrors.length > 0) return previousErrors.some(isOutage);
  if (BROKEN.has(code) || PASSING.test(error.message)) return true;
  return error.name !== 'ReplyError' && DISCONNECTED.test(error.message);
}

/** Whether that doesn't come right by itself: a password, an old Redis, a missing package. */
export function isForGood(problem: string): boolean {
  return FOR_GOOD.test(problem);
}

/** In words for a log line; Redis's own texts hold no values of ours. */
export function describeOutage(error: unknown): string {
  if (!(error instanceof Error)) return 'Redis is away';
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined && BROKEN.has(code)) return `Redis is away (${code})`;
  return error.message || `Redis is away (${error.name})`;
}
