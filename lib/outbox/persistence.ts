import { exponential } from './backoff.js';
import type { OutboxLog } from './outbox.js';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;
const COMPLAIN_EVERY_MS = 60_000;

/**
 * Repeats a write that fails (a full disk, a locked file) until it succeeds or the app stops. A
 * result that isn't written down would be delivered again.
 */
export class Persistence {
  private stopped = false;
  private lastComplaint = -Infinity;
  private readonly sleepers = new Set<() => void>();

  constructor(private readonly log: OutboxLog) {}

  /** The result of `write`, or `undefined` if the app stopped before it succeeded. */
  async keepTrying<T>(write: () => Promise<T>): Promise<T | undefined> {
    for (let step = 0; ; step += 1) {
      try {
        return await write();
      } catch (error) {
        this.complain('A delivery could not be written down; trying again', error);
        if (this.stopped) return undefined;
        await this.sleep(exponential(step, FIRST_WAIT_MS, LONGEST_WAIT_MS));
      }
    }
  }

  /** One line a minute at most. */
  complain(what: string, error: unknown): void {
    const now = Date.now();
    if (Math.abs(now - this.lastComplaint) < COMPLAIN_EVERY_MS) return;
    this.lastComplaint = now;
    this.log.error(`${what}: ${error instanceof Error ? error.message : 'unknown error'}`);
  }

  /** Ends every wait; each write gets one last try. */
  stop(): void {
    this.stopped = true;
    for (const wake of this.sleepers) wake();
  }

  private sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      timer.unref();
      this.sleepers.add(wake);
    });
  }
}
