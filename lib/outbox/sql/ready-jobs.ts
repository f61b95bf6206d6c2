import type { Job, NewJob } from '../job.js';

/** Released jobs kept in memory, so that the usual delivery needs no read. */
const MAX_READY = 1_000;

/**
 * What this process has in memory of the jobs that it enqueued: the held ones, and a bounded number of
 * released ones. All others are in the store only.
 */
export class ReadyJobs {
  // Private fields: jobs hold personal data, which must not be printed with this.
  readonly #held = new Map<string, { job: NewJob; isFirst: boolean }>();
  readonly #ready: Job[] = [];

  /** @param isFirst no earlier job of the same order is unfinished */
  hold(id: string, job: NewJob, isFirst: boolean): void {
    this.#held.set(id, { job, isFirst });
  }

  /** Returns false if the job isn't held. */
  drop(id: string): boolean {
    return this.#held.delete(id);
  }

  /** Where a released job went: `overflow` has to be released in the store. */
  release(id: string, isDelivering: boolean): 'ready' | 'overflow' | 'unknown' {
    const held = this.#held.get(id);
    if (!held) return 'unknown';
    this.#held.delete(id);
    if (!held.isFirst || !isDelivering || this.#ready.length >= MAX_READY) return 'overflow';
    this.#ready.push({ ...held.job, id, attempts: 0 });
    return 'ready';
  }

  take(max = Infinity): Job[] {
    return this.#ready.splice(0, max);
  }

  /** Takes out the ready jobs of one order. */
  takeOrder(orderingKey: string): string[] {
    const taken = this.#ready.filter((job) => job.orderingKey === orderingKey);
    const others = this.#ready.filter((job) => job.orderingKey !== orderingKey);
    this.#ready.splice(0, this.#ready.length, ...others);
    return taken.map(({ id }) => id);
  }

  isHeld(id: string): boolean {
    return this.#held.has(id);
  }

  has(id: string): boolean {
    return this.isHeld(id) || this.#ready.some((job) => job.id === id);
  }

  /** From now on, each held job is released in the store: another process may have it. */
  loseLease(): void {
    for (const [id, { job }] of this.#held) this.#held.set(id, { job, isFirst: false });
  }

  /** Takes out everything, held jobs included. */
  takeAll(): string[] {
    const ids = [...this.#held.keys(), ...this.#ready.splice(0).map(({ id }) => id)];
    this.#held.clear();
    return ids;
  }
}
