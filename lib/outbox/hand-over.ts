import type { Job, NewJob } from './job.js';

/** Released jobs kept at hand, so that the usual delivery needs no second read. */
const MAX_READY = 1_000;

/** Jobs to give up, by what is known of their place in the lane. */
export interface Surplus {
  heads: string[];
  others: string[];
}

/**
 * What this process has in memory of the jobs that it accepted: those that are held, and a bounded
 * number of those that are released. All others wait in the file only. Its fields are really private:
 * jobs hold personal data, and whoever prints this would see it.
 */
export class HandOver {
  readonly #held = new Map<string, { job: NewJob; head: boolean }>();
  readonly #ready: Job[] = [];
  #surplus: Surplus = { heads: [], others: [] };

  get readyCount(): number {
    return this.#ready.length;
  }

  get surplusCount(): number {
    return this.#surplus.heads.length + this.#surplus.others.length;
  }

  hold(id: string, job: NewJob, head: boolean): void {
    this.#held.set(id, { job, head });
  }

  /** False if it isn't held (any more). */
  drop(id: string): boolean {
    return this.#held.delete(id);
  }

  /** Where a released job went. `surplus`: behind another of its lane, or one too many for memory. */
  release(id: string, hasTaker: boolean): 'ready' | 'surplus' | 'unknown' {
    const entry = this.#held.get(id);
    if (!entry) return 'unknown';
    this.#held.delete(id);
    if (entry.head && hasTaker && this.#ready.length < MAX_READY) {
      this.#ready.push({ ...entry.job, id, attempts: 0 });
      return 'ready';
    }
    (entry.head ? this.#surplus.heads : this.#surplus.others).push(id);
    return 'surplus';
  }

  take(max: number): Job[] {
    return this.#ready.splice(0, max);
  }

  /** Gives up what is at hand of a lane. */
  giveUp(lane: string): void {
    const others = this.#ready.filter((job) => job.lane !== lane);
    const given = this.#ready.splice(0).filter((job) => job.lane === lane);
    this.#ready.push(...others);
    this.#surplus.heads.push(...given.map(({ id }) => id));
  }

  takeSurplus(): Surplus {
    const surplus = this.#surplus;
    this.#surplus = { heads: [], others: [] };
    return surplus;
  }

  /** Everything, for the end. */
  takeAll(): Surplus {
    const { heads, others } = this.takeSurplus();
    const rest = [...this.#held.keys(), ...this.#ready.splice(0).map(({ id }) => id)];
    this.#held.clear();
    return { heads, others: [...others, ...rest] };
  }
}
