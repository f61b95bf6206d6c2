const EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Deletes old entries among the next ones behind `after`. Resolves with where to go on. */
type PurgePage = (olderThanMs: number, after: number) => Promise<number | null>;

/** Deletes, once an hour, what completed longer ago than the history is kept. */
export class HistoryPurge {
  private readonly timer: NodeJS.Timeout;
  private stopped = false;

  constructor(
    private readonly days: number,
    private readonly purge: PurgePage,
  ) {
    this.timer = setInterval(() => void this.run(), EVERY_MS).unref();
    void this.run();
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
  }

  private async run(): Promise<void> {
    try {
      for (let after: number | null = 0; after !== null && !this.stopped;) {
        after = await this.purge(this.days * DAY_MS, after);
      }
    } catch {
      // Tried again in an hour. A store that doesn't work is reported by those who need it.
    }
  }
}
