import type { Grip } from './fleet-store.js';

/** A write whose answer was lost may still land for so long: behind a standby, or a failover. */
const LANDS_WITHIN_MS = 600_000;
const AT_MOST = 10_000;

/** Jobs that the store may have under a grip that nobody holds: given back until they can't be there. */
export class UnsureGrips {
  private readonly since = new Map<Grip, number>();

  add(grip: Grip): void {
    if (this.since.size < AT_MOST) this.since.set(grip, performance.now());
  }

  /** Those that may still land. */
  current(): Grip[] {
    const now = performance.now();
    for (const [grip, at] of this.since) {
      if (now - at > LANDS_WITHIN_MS) this.since.delete(grip);
    }
    return [...this.since.keys()];
  }
}
