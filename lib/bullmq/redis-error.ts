/** What ioredis rejects with. */
interface RedisError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
}

const NETWORK = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/;
/** What waiting doesn't change: credentials, and a missing package. */
const PERMANENT =
  /^(WRONGPASS|NOAUTH|NOPERM|ERR (invalid password|AUTH|Client sent AUTH))|'ioredis' package/;

export function isPermanent(error: unknown): boolean {
  return PERMANENT.test(messageOf(error));
}

/** Whether a command that was sent may have been executed though it failed. */
export function isAmbiguous(error: unknown): boolean {
  const isRefused = ((error ?? {}) as RedisError).name === 'ReplyError';
  return !isRefused && !messageOf(error).includes('enableOfflineQueue');
}

/** One word for outcomes, such as `ECONNREFUSED` or `OOM`. */
export function reasonOf(error: unknown): string {
  const { code } = (error ?? {}) as RedisError;
  if (code !== undefined && NETWORK.test(code)) return code;
  return /^[A-Z]{2,}\b/.exec(messageOf(error))?.[0] ?? 'unreachable';
}

/** For log lines. The messages of Redis contain no values. */
export function describeError(error: unknown): string {
  const { code } = (error ?? {}) as RedisError;
  if (code !== undefined && NETWORK.test(code)) return code;
  return messageOf(error).slice(0, 200) || 'unknown error';
}

function messageOf(error: unknown): string {
  return ((error ?? {}) as RedisError).message ?? '';
}
