import { errorMessage } from '../common/error-message.js';
import { ThrottledLogger } from '../common/throttled-logger.js';
import type { OutboxLog } from './outbox-engine.js';

/** Whether the store works, for `stats()` and health checks. Logs once a minute if it doesn't. */
export class StorageHealth {
  /** Why the store fails just now; `null` if it works, as far as is known. */
  problem: string | null = null;
  private readonly throttled: ThrottledLogger;
  private closed = false;

  constructor(
    private readonly location: string,
    log: OutboxLog,
  ) {
    this.throttled = new ThrottledLogger((message) => log.error(message));
  }

  async write<T>(call: Promise<T>): Promise<T> {
    const result = await this.read(call);
    this.problem = null;
    return result;
  }

  /** A successful read doesn't prove that the store can be written. */
  async read<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  failed(error: unknown): void {
    if (this.closed) return;
    this.problem = errorMessage(error);
    this.throttled.warn(
      '',
      () => `The outbox ${this.location} doesn't work: ${errorMessage(error)}`,
    );
  }

  /** Failures while the app shuts down aren't reported. */
  close(): void {
    this.closed = true;
  }
}
