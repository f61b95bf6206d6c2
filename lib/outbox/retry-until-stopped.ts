import { sleep } from '../common/sleep.js';
import { exponential } from './backoff.js';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;

/** Repeats writes that fail, on a full disk say, until they succeed or the app stops. */
export class RetryUntilStopped {
  private readonly stopped = new AbortController();

  /** @param onFailure called with the error of each failed try */
  constructor(private readonly onFailure: (error: unknown) => void = () => {}) {}

  /** Resolves with `undefined` if the app stopped before `write` succeeded. */
  async run<T>(write: () => Promise<T>): Promise<T | undefined> {
    const { signal } = this.stopped;
    for (let step = 0; ; step += 1) {
      try {
        return await write();
      } catch (error) {
        this.onFailure(error);
        if (signal.aborted) return undefined;
        await sleep(exponential(step, FIRST_WAIT_MS, LONGEST_WAIT_MS), signal);
      }
    }
  }

  /** Ends every wait; each write gets one last try. */
  stop(): void {
    this.stopped.abort();
  }
}
