import { OutboxError } from '../outbox/outbox.error.js';

const NETWORK = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/;
/** What waiting doesn't change: credentials, and a missing package. */
const PERMANENT =
  /^(WRONGPASS|NOAUTH|NOPERM|ERR (invalid password|AUTH|Client sent AUTH))|'ioredis' package/;

/** Redis could not do it, or didn't say in time that it did. */
export class BullmqOutboxError extends OutboxError {
  override readonly name = 'BullmqOutboxError';

  constructor(
    readonly reason: string,
    message: string,
    override readonly mayBeSaved = false,
  ) {
    super(message);
  }

  /**
   * From an error of ioredis, whose messages contain no values.
   * @param wasSent whether the job had been sent to Redis
   */
  static from(error: unknown, wasSent = false): BullmqOutboxError {
    if (error instanceof BullmqOutboxError) return error;
    const { name, code, message } = partsOf(error);
    if (NETWORK.test(code)) {
      return new BullmqOutboxError(code, `Redis is unreachable (${code})`, wasSent);
    }
    // A response of Redis means that it wasn't saved, and so does a command that was never sent.
    const isClear = name === 'ReplyError' || message.includes('enableOfflineQueue');
    const reason = /^[A-Z]{2,}\b/.exec(message)?.[0] ?? 'unreachable';
    const text = `Redis failed: ${message.slice(0, 200) || 'unknown error'}`;
    return new BullmqOutboxError(reason, text, wasSent && !isClear);
  }
}

export function isPermanent(error: unknown): boolean {
  return PERMANENT.test(partsOf(error).message);
}

/** Whether BullMQ refused because the job doesn't exist, or is in another state. */
export function isStateError(error: unknown): boolean {
  return ['-1', '-3'].includes(partsOf(error).code);
}

/** Errors may come from another realm, where they are no instances of this one's `Error`. */
function partsOf(error: unknown): { name: string; code: string; message: string } {
  const parts = Object(error) as Partial<Record<'name' | 'code' | 'message', string | number>>;
  const { name = '', code = '', message = '' } = parts;
  return { name: String(name), code: String(code), message: String(message) };
}
