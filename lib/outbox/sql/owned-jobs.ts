import { sleep } from '../../common/sleep.js';
import type { CompletedResult } from '../delivery-result.js';
import type { Job, NewJob } from '../job.js';
import { sumCounters } from '../job-counts.js';
import type { JobSource, Relay, Rescheduling } from '../relay.js';
import { RetryUntilStopped } from '../retry-until-stopped.js';
import { ReadyJobs } from './ready-jobs.js';
import type { StoreCalls } from './store-calls.js';
import { StoreError } from './store.error.js';

/** How long jobs that another process released may go unnoticed. */
const POLL_MS = 1_000;
/** Jobs that overflow within so many milliseconds are released in one write. */
const OVERFLOW_MS = 20;
const RECONCILE_MS = 2_000;
/** A commit takes effect within this time, or never. */
const LATE_MS = 20_000;

/** The jobs that this process owns in the store: held, waiting in memory, or being sent. */
export class OwnedJobs implements JobSource {
  /** Whom to wake when there are jobs. */
  relay: Relay | null = null;
  private readonly ready = new ReadyJobs();
  /** Claimed and not given back. What was given back is another's: its results are ignored. */
  private readonly claimed = new Set<string>();
  /** Until that is saved, nobody may deliver them. */
  private readonly discarding = new Set<string>();
  /** Claimed while they were being discarded. */
  private readonly withheld = new Set<string>();
  /** Released, but not in the store yet. */
  private readonly overflow = new Set<string>();
  private readonly writes = new RetryUntilStopped();
  private readonly stopped = new AbortController();
  private readonly endings = new Set<Promise<unknown>>();
  /** The store had nothing more to claim until then. */
  private quietUntil = 0;
  private wakeUps = 0;
  /** No job is due later than that from now, unless a clock was wrong. */
  private horizonMs = 10_000;
  private overflowTimer: NodeJS.Timeout | undefined;
  private lastOverflow: Promise<void> = Promise.resolve();
  private isReconciling = false;
  /** The reply to a claim was lost since the last look. */
  private mustReconcile = false;

  constructor(private readonly store: StoreCalls) {}

  hold(id: string, job: NewJob, isFirst: boolean): void {
    this.ready.hold(id, job, isFirst);
  }

  /** Returns false if the job isn't held. */
  drop(id: string): boolean {
    return this.ready.drop(id);
  }

  release(id: string): void {
    const where = this.ready.release(id, this.relay?.isSending ?? false);
    if (where === 'ready') this.relay?.wake();
    if (where === 'overflow') this.releaseSoon([{ id }]);
  }

  /** Ends a job undelivered, however often that takes to save. */
  discard(id: string): Promise<boolean | undefined> {
    const discarding = this.writes.run(async () => {
      const { ours, next } = await this.store.write('complete', {
        ...this.claimOf(id),
        outcome: 'discarded',
      });
      if (next) this.wake();
      return ours;
    });
    this.discarding.add(id);
    this.endings.add(discarding);
    void discarding.then((isOurs) => {
      this.endings.delete(discarding);
      this.discarding.delete(id);
      if (this.withheld.delete(id) && !isOurs) this.releaseSoon([{ id }]);
    });
    return discarding;
  }

  /** Ends a job that may have been saved, or may yet be by a commit that is late. */
  async discardUnconfirmed(id: string): Promise<void> {
    if (await this.discard(id)) return;
    await sleep(LATE_MS, this.stopped.signal);
    await this.discard(id);
  }

  async claim(max: number): Promise<{ jobs: Job[]; nextDueInMs: number }> {
    const jobs = this.ready.take(max);
    const now = Date.now();
    const isQuiet = now < this.quietUntil && this.quietUntil - now <= POLL_MS;
    if (jobs.length === 0 && !isQuiet) jobs.push(...(await this.claimFromStore(max, now)));
    for (const { id } of jobs) this.claimed.add(id);
    return { jobs, nextDueInMs: Math.max(0, this.quietUntil - now) };
  }

  async complete({ id }: Job, result: CompletedResult): Promise<boolean> {
    if (!this.claimed.has(id)) return false;
    const { outcome, reason, detail, releasesKey, purgesHistory } = result;
    const { ours, next } = await this.store.write('complete', {
      ...this.claimOf(id),
      outcome,
      reason,
      detail: detail && JSON.stringify(detail),
      releasesKey,
      purgesHistory,
    });
    this.claimed.delete(id);
    if (next) this.wake();
    return ours;
  }

  async reschedule({ id }: Job, to: Rescheduling): Promise<'rescheduled' | 'dead' | 'lost'> {
    if (!this.claimed.has(id)) return 'lost';
    this.expectDelay(to.delayMs);
    const result = await this.store.write('reschedule', { ...this.claimOf(id), ...to });
    this.claimed.delete(id);
    this.wake();
    return result;
  }

  async saveCheckpoint({ id }: Job, checkpoint: string): Promise<boolean> {
    if (!this.claimed.has(id)) return false;
    return this.store.write('saveCheckpoint', { ...this.claimOf(id), checkpoint });
  }

  async releaseClaimed(jobs: readonly Job[]): Promise<void> {
    const ids = jobs.map(({ id }) => id);
    for (const id of ids) this.claimed.delete(id);
    await this.releaseInStore(ids);
    this.wake();
  }

  async pendingCount(): Promise<number> {
    return sumCounters((await this.store.read('stats', {})).counters).pending;
  }

  /** There may be jobs to claim. */
  wake(): void {
    this.quietUntil = 0;
    this.wakeUps += 1;
    this.relay?.wake();
  }

  expectDelay(ms: number): void {
    this.horizonMs = Math.max(this.horizonMs, ms * 1.2);
  }

  /**
   * This process lost its lease, so that its jobs may be anybody's. Writes for those that
   * another process has are refused; those that are still owned must not be stuck.
   */
  loseLease(): void {
    this.ready.loseLease();
    void this.relay?.releaseReady();
    void this.releaseReady();
    this.wake();
  }

  /** Lets other processes deliver what waits here. */
  async releaseReady(): Promise<void> {
    this.releaseSoon(this.ready.take());
    await this.releaseOverflow();
  }

  /** What only waits in memory isn't in flight. */
  async releaseOrder(orderingKey: string): Promise<void> {
    const claimed = this.relay?.takeOrder(orderingKey) ?? [];
    for (const { id } of claimed) this.claimed.delete(id);
    // If that fails now, it is tried again behind it: nobody may own them for ever.
    this.releaseSoon([...claimed, ...this.ready.takeOrder(orderingKey).map((id) => ({ id }))]);
    await this.writeOverflow();
  }

  async close(): Promise<void> {
    clearTimeout(this.overflowTimer);
    this.writes.stop();
    this.stopped.abort();
    await Promise.all(this.endings);
    const ids = [...this.ready.takeAll(), ...this.claimed, ...this.overflow];
    this.claimed.clear();
    // If that fails, the next process takes them over.
    await this.store.call('release', { owner: this.store.owner, ids }).catch(() => {});
  }

  private async claimFromStore(limit: number, now: number): Promise<Job[]> {
    const { wakeUps, horizonMs } = this;
    const args = { owner: this.store.owner, limit, horizonMs };
    try {
      const { jobs, nextDueInMs } = await this.store.read('claim', args);
      const waitMs = Math.min(POLL_MS, nextDueInMs ?? POLL_MS);
      // Meanwhile, jobs may have become available.
      const isQuiet = jobs.length < limit && wakeUps === this.wakeUps;
      this.quietUntil = isQuiet ? now + waitMs : 0;
      // A job that is held was freed while this process lost its lease: it is held again.
      return jobs.filter(({ id }) => !this.ready.isHeld(id) && !this.withhold(id));
    } catch (error) {
      if (error instanceof StoreError && error.mayBeSaved) void this.reconcile();
      throw error;
    }
  }

  private withhold(id: string): boolean {
    if (!this.discarding.has(id)) return false;
    this.withheld.add(id);
    return true;
  }

  /** Where only the reply was lost, this process owns jobs that it doesn't know of. */
  private async reconcile(): Promise<void> {
    this.mustReconcile = true;
    if (this.isReconciling) return;
    this.isReconciling = true;
    while (this.mustReconcile) {
      this.mustReconcile = false;
      const before = new Set(await this.unknownIds());
      await sleep(RECONCILE_MS, this.stopped.signal);
      // What was being enqueued at the first look is known by now.
      const ids = (await this.unknownIds()).filter((id) => before.has(id));
      await this.writes.run(() => this.releaseInStore(ids));
      this.wake();
    }
    this.isReconciling = false;
  }

  private async unknownIds(): Promise<string[]> {
    const { owner } = this.store;
    const ids = await this.writes.run(() => this.store.call('ownedIds', { owner }));
    const isKnown = (id: string) =>
      this.claimed.has(id) ||
      this.overflow.has(id) ||
      this.discarding.has(id) ||
      this.ready.has(id);
    return (ids ?? []).filter((id) => !isKnown(id));
  }

  /** Nobody waits for it, and it must not be forgotten: else the jobs wait for the next start. */
  private releaseSoon(jobs: readonly { readonly id: string }[]): void {
    if (jobs.length === 0) return;
    for (const { id } of jobs) this.overflow.add(id);
    this.overflowTimer ??= setTimeout(() => void this.releaseOverflow(), OVERFLOW_MS).unref();
  }

  private async releaseOverflow(): Promise<void> {
    clearTimeout(this.overflowTimer);
    this.overflowTimer = undefined;
    await this.writes.run(() => this.writeOverflow());
    this.wake();
  }

  /** One after the other: a second write for a job could release what was claimed after the first. */
  private writeOverflow(): Promise<void> {
    const writing = this.lastOverflow.then(async () => {
      const ids = [...this.overflow];
      await this.releaseInStore(ids);
      for (const id of ids) this.overflow.delete(id);
    });
    this.lastOverflow = writing.catch(() => {});
    return writing;
  }

  private async releaseInStore(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.store.write('release', { owner: this.store.owner, ids });
  }

  private claimOf(id: string) {
    return { id, owner: this.store.owner };
  }
}
