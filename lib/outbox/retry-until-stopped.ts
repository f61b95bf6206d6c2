import { exponential } from './backoff.js';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;

/** Repeats writes that fail, on a full disk say, until they succeed or the app stops. */
export class RetryUntilStopped {
  private stopped = false;
  private readonly sleepers = new Set<() => void>();

  /** @param onFailure called with the error of each failed try */
  constructor(private readonly onFailure: (error: unknown) => void) {}

  /** Resolves with `undefined` if the app stopped before `write` succeeded. */
  async run<T>(write: () => Promise<T>): Promise<T | undefined> {
    for (let step = 0; ; step += 1) {
      try {
        return await write();
      } catch (error) {
        this.onFailure(error);
        if (this.stopped) return undefined;
        await this.sleep(exponential(step, FIRST_WAIT_MS, LONGEST_WAIT_MS));
      }
    }
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
