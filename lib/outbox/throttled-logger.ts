const EVERY_MS = 60_000;

/** Logs the same trouble once a minute at most. */
export class ThrottledLogger {
  private lastLoggedAt = -Infinity;

  constructor(private readonly log: (message: string) => void) {}

  /** @param error its message follows `what` */
  trouble(what: string, error: unknown): void {
    const now = Date.now();
    // A clock that was set back must not silence it.
    if (Math.abs(now - this.lastLoggedAt) < EVERY_MS) return;
    this.lastLoggedAt = now;
    this.log(`${what}: ${error instanceof Error ? error.message : 'unknown error'}`);
  }
}
