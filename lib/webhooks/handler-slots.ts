const FIRST_GUESS_MS = 100;
const LONGEST_WAIT_MS = 10_000;
/** Weight of the latest duration in the average. */
const WEIGHT = 0.2;

/**
 * Limits how many events one handler handles at once, so that a slow handler leaves the others their
 * share. Events beyond the limit are spread over the time at which slots are expected to be free.
 */
export class HandlerSlots {
  private taken = 0;
  private averageMs = FIRST_GUESS_MS;
  private nextFreeAt = 0;

  constructor(private readonly limit: number) {}

  /** Takes a slot and returns 0, or returns in how many milliseconds to ask again. */
  take(): number {
    if (this.taken < this.limit) {
      this.taken += 1;
      return 0;
    }
    const now = Date.now();
    const next = Math.max(this.nextFreeAt, now) + this.averageMs / this.limit;
    this.nextFreeAt = Math.min(next, now + LONGEST_WAIT_MS);
    return Math.max(1, Math.round(this.nextFreeAt - now));
  }

  /** @param tookMs how long the slot was taken */
  free(tookMs: number): void {
    this.taken -= 1;
    this.averageMs += WEIGHT * (tookMs - this.averageMs);
  }
}
