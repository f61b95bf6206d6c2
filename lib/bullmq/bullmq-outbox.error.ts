import { OutboxError } from '../outbox/outbox.error.js';

/** Redis could not save a job, or didn't say in time that it did. */
export class BullmqOutboxError extends OutboxError {
  override readonly name = 'BullmqOutboxError';

  constructor(
    readonly reason: string,
    message: string,
    override readonly mayBeSaved = false,
  ) {
    super(message);
  }
}
