/** A write whose answer was lost may still land for so long: behind a standby, or a failover. */
const LANDS_WITHIN_MS = 600_000;
const AT_MOST = 10_000;

/** What the store may have, or get, for nobody: given back until it can't be there any more. */
export class Unsure<T> {
  private readonly since = new Map<T, number>();

  add(...those: readonly T[]): void {
    const now = performance.now();
    for (const each of those) if (this.since.size < AT_MOST) this.since.set(each, now);
  }

  /** Those that may still land. */
  current(): T[] {
    const now = performance.now();
    for (const [each, at] of this.since) {
      if (now - at > LANDS_WITHIN_MS) this.since.delete(each);
    }
    return [...this.since.keys()];
  }
}
