const EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Deletes one chunk of what ended `before`, behind the id `after`; where to go on, or `null`. */
export type PurgeChunk = (before: number, after: string, now: number) => Promise<string | null>;

/** Forgets, once an hour, what ended longer ago than the ledger is kept. */
export class LedgerKeeper {
  private readonly timer: NodeJS.Timeout;
  private stopped = false;

  constructor(
    private readonly days: number,
    private readonly purge: PurgeChunk,
  ) {
    this.timer = setInterval(() => void this.run(), EVERY_MS).unref();
    void this.run();
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
  }

  private async run(): Promise<void> {
    const now = Date.now();
    try {
      for (let after: string | null = '0'; after !== null && !this.stopped;) {
        after = await this.purge(now - this.days * DAY_MS, after, now);
      }
    } catch {
      // Tried again in an hour; a store that doesn't work is reported by those who need it.
    }
  }
}
