import type { CallWait, StoreLink } from './store-link.js';
import { Unsure } from './unsure.js';

type GiveBack<T> = (those: readonly T[]) => Promise<void>;

/**
 * What the store gave this process, or may yet give it, in a claim of which nobody heard: its jobs would
 * wait for the end of this process.
 */
export class Strays<T> {
  /** Not given back yet. */
  private readonly fresh = new Set<T>();
  private readonly unsure = new Unsure<T>();

  /**
   * Makes a call that claims. What it has asked for is astray unless it resolves.
   * @param claim notes in `asked` what it may be given, before it asks for it
   */
  async watch<L, R>(
    link: StoreLink<L>,
    wait: CallWait,
    claim: (linked: L, asked: T[]) => Promise<R>,
  ): Promise<R> {
    const asked: T[] = [];
    const leave = () => this.leave(asked.splice(0));
    let isOver = false;
    const attempt = async (linked: L) => {
      try {
        const claimed = await claim(linked, asked);
        // Whoever waited for it has given up meanwhile.
        if (isOver) leave();
        return claimed;
      } catch (error) {
        leave();
        throw error;
      }
    };
    try {
      return await link.call(attempt, wait);
    } catch (error) {
      isOver = true;
      leave();
      throw error;
    }
  }

  giveBackFresh(giveBack: GiveBack<T>): Promise<void> {
    return this.giveBack([...this.fresh], giveBack);
  }

  /** Those that may still land, too. */
  giveBackAll(giveBack: GiveBack<T>): Promise<void> {
    return this.giveBack(this.unsure.current(), giveBack);
  }

  private async giveBack(those: readonly T[], giveBack: GiveBack<T>): Promise<void> {
    if (those.length > 0) await giveBack(those);
    for (const each of those) this.fresh.delete(each);
  }

  private leave(asked: readonly T[]): void {
    for (const each of asked) this.fresh.add(each);
    this.unsure.add(...asked);
  }
}
