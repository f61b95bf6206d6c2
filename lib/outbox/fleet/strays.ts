import { Unsure } from './unsure.js';

/** One attempt to claim, which notes in `asked` what it may be given before it asks for it. */
type Attempt<T> = <R>(claim: (asked: T[]) => Promise<R>) => Promise<R>;

/**
 * What the store gave this process, or may yet give it, in a claim of which nobody heard: its jobs would
 * wait for the end of this process.
 */
export class Strays<T> {
  /** Not given back yet. */
  private readonly fresh = new Set<T>();
  private readonly unsure = new Unsure<T>();

  /** Makes a call that claims. What it has asked for is astray unless it resolves. */
  async watch<R>(call: (attempt: Attempt<T>) => Promise<R>): Promise<R> {
    const asked: T[] = [];
    const leave = () => this.leave(asked.splice(0));
    let isOver = false;
    try {
      return await call(async (claim) => {
        try {
          const claimed = await claim(asked);
          // Whoever waited for it has given up meanwhile.
          if (isOver) leave();
          return claimed;
        } catch (error) {
          leave();
          throw error;
        }
      });
    } catch (error) {
      isOver = true;
      leave();
      throw error;
    }
  }

  async giveBackFresh(giveBack: (those: readonly T[]) => Promise<void>): Promise<void> {
    const those = [...this.fresh];
    if (those.length > 0) await giveBack(those);
    for (const each of those) this.fresh.delete(each);
  }

  /** Those that may still land, too. */
  async giveBackAll(giveBack: (those: readonly T[]) => Promise<void>): Promise<void> {
    const those = this.unsure.current();
    if (those.length > 0) await giveBack(those);
    for (const each of those) this.fresh.delete(each);
  }

  private leave(asked: readonly T[]): void {
    for (const each of asked) this.fresh.add(each);
    this.unsure.add(...asked);
  }
}
