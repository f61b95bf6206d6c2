import type { OutboxLog } from './outbox.js';
import { Persistence } from './persistence.js';

/** Remembers whether the file works, for `stats` and health, and says so once a minute if not. */
export class StorageWatch {
  /** Why the file can't be written just now; `null` if it can, as far as is known. */
  problem: string | null = null;
  private readonly complaints: Persistence;
  private ended = false;

  constructor(
    private readonly location: string,
    log: OutboxLog,
  ) {
    this.complaints = new Persistence(log);
  }

  async write<T>(call: Promise<T>): Promise<T> {
    const result = await this.read(call);
    this.problem = null;
    return result;
  }

  /** That it can be read doesn't tell that it can be written. */
  async read<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      this.notice(error);
      throw error;
    }
  }

  notice(error: unknown): void {
    if (this.ended) return;
    this.problem = error instanceof Error ? error.message : 'unknown error';
    this.complaints.complain(`The outbox ${this.location} doesn't work`, error);
  }

  /** What fails at the end is nobody's trouble. */
  end(): void {
    this.ended = true;
  }
}
