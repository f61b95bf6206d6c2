/** How often, within a lease, this process says that it lives. */
const BEATS = 5;

/**
 * This process's claim to what it holds: good as long as the store hears from it now and then. The
 * store's clock decides. This one tells, on the safe side, when it may have ended.
 */
export class Lease {
  private timer: NodeJS.Timeout | undefined;
  private heardAt = performance.now();
  private lapsedAt = -Infinity;
  private beating = false;

  constructor(
    private readonly ms: number,
    private readonly beat: () => Promise<void>,
  ) {}

  start(): void {
    this.heardAt = performance.now();
    this.timer = setInterval(() => void this.renew(), this.ms / BEATS).unref();
    void this.renew();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Whether what has been held since then can't have been given to anybody else. */
  covers(since: number): boolean {
    this.look();
    return since > this.lapsedAt;
  }

  private async renew(): Promise<void> {
    this.look();
    if (this.beating) return;
    this.beating = true;
    const asked = performance.now();
    try {
      await this.beat();
      this.look();
      this.heardAt = asked;
    } catch {
      // The store is away: said by those who need it.
    } finally {
      this.beating = false;
    }
  }

  private look(): void {
    const now = performance.now();
    if (now - this.heardAt > this.ms) this.lapsedAt = now;
  }
}
