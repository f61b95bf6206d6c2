import { errorMessage } from '../common/error-message.js';
import { ThrottledLogger } from '../common/throttled-logger.js';
import type { OutboxLog } from './outbox-engine.js';

type Access = 'write' | 'read';

/**
 * Whether the store works, for `stats()` and health checks. Logs when it stops working, and when it works
 * again.
 */
export class StorageHealth {
  private readonly problems = new Map<Access, string>();
  private readonly throttled: ThrottledLogger;
  private isReported = false;
  private closed = false;

  constructor(
    private readonly location: string,
    private readonly log: OutboxLog,
  ) {
    this.throttled = new ThrottledLogger((message) => {
      this.isReported = true;
      log.error(message);
    });
  }

  /** Why the store fails just now; `null` if it works, as far as is known. */
  get problem(): string | null {
    return this.problems.get('write') ?? this.problems.get('read') ?? null;
  }

  write<T>(call: Promise<T>): Promise<T> {
    return this.watch('write', call);
  }

  /** A successful read doesn't prove that the store can be written, nor the other way round. */
  read<T>(call: Promise<T>): Promise<T> {
    return this.watch('read', call);
  }

  failed(error: unknown, access: Access = 'write'): void {
    if (this.closed) return;
    this.problems.set(access, errorMessage(error));
    this.throttled.warn(
      '',
      () => `The outbox ${this.location} doesn't work: ${errorMessage(error)}`,
    );
  }

  /** Failures while the app shuts down aren't reported. */
  close(): void {
    this.closed = true;
  }

  private async watch<T>(access: Access, call: Promise<T>): Promise<T> {
    try {
      const result = await call;
      this.worked(access);
      return result;
    } catch (error) {
      this.failed(error, access);
      throw error;
    }
  }

  private worked(access: Access): void {
    this.problems.delete(access);
    if (!this.isReported || this.problems.size > 0 || this.closed) return;
    this.isReported = false;
    this.log.log(`The outbox ${this.location} works again.`);
  }
}
