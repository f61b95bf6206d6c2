import { OutboxError } from '../outbox/outbox.error.js';

const NETWORK = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/;
/** What waiting doesn't change: credentials, and a missing package. */
const PERMANENT =
  /^(WRONGPASS|NOAUTH|NOPERM|ERR (invalid password|AUTH|Client sent AUTH))|'ioredis' package/;

/** What ioredis rejects with. */
type Failure = Partial<Record<'name' | 'message' | 'code', unknown>>;

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
   * Of an error of ioredis, whose messages contain no values.
   * @param sent whether the job had been sent to Redis
   */
  static from(error: unknown, sent = false): BullmqOutboxError {
    if (error instanceof BullmqOutboxError) return error;
    const { name, code } = Object(error) as Failure;
    const message = messageOf(error);
    if (typeof code === 'string' && NETWORK.test(code)) {
      return new BullmqOutboxError(code, `Redis is unreachable (${code})`, sent);
    }
    const reason = /^[A-Z]{2,}\b/.exec(message)?.[0] ?? 'unreachable';
    // A response says that it wasn't saved, and so does a command that was never sent.
    const mayBeSaved = sent && name !== 'ReplyError' && !message.includes('enableOfflineQueue');
    return new BullmqOutboxError(reason, `Redis failed: ${message.slice(0, 200)}`, mayBeSaved);
  }
}

export function isPermanent(error: unknown): boolean {
  return PERMANENT.test(messageOf(error));
}

/** Whether BullMQ refused since the job doesn't exist, or is in another state. */
export function isStateError(error: unknown): boolean {
  const { code } = Object(error) as Failure;
  return code === -1 || code === -3;
}

function messageOf(error: unknown): string {
  return String((Object(error) as Failure).message ?? 'unknown error');
}
