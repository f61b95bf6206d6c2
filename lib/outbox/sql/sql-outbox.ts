import type { Delivery, DeliveryControl } from '../delivery.js';
import type { CompletedResult } from '../delivery-result.js';
import type { Forgotten, HistoryEntry, OutboxStats, RequeueFilter } from '../history.js';
import { sumCounters } from '../job-counts.js';
import type { Job, NewJob, SubmittedJob } from '../job.js';
import type { EngineContext, OutboxEngine, Submitted } from '../outbox-engine.js';
import { Relay, type JobSource, type Rescheduling } from '../relay.js';
import { RetryUntilStopped } from '../retry-until-stopped.js';
import { StorageHealth } from '../storage-health.js';
import { uuid7 } from '../uuid7.js';
import { HistoryPurge } from './history-purge.js';
import type { Args, OperationName, Reply } from './operations.js';
import { ReadyJobs } from './ready-jobs.js';
import type { StoreConnection } from './store-connection.js';
import { StoreError } from './store.error.js';
import { toDate, toEntry, toFilter } from './stored-values.js';

/** How long jobs that another process released may go unnoticed. */
const POLL_MS = 1_000;
const DEFAULT_HISTORY_DAYS = 90;
const DEAD_LETTERS_PAGE = 200;
/** Overflowing jobs of so many milliseconds are released in one write. */
const OVERFLOW_MS = 20;

/** One program's outbox in a SQL store. */
export class SqlOutbox implements OutboxEngine, JobSource {
  private readonly ready = new ReadyJobs();
  /** Claimed and not given back: of what was, the results are ignored. */
  private readonly claimed = new Set<string>();
  private readonly overflow = new Set<string>();
  private readonly health: StorageHealth;
  private readonly writes = new RetryUntilStopped();
  private readonly unsubscribe: () => void;
  private readonly endings = new Set<Promise<unknown>>();
  private relay: Relay | null = null;
  /** No job is due later than that from now, unless a clock was wrong. */
  private horizonMs = 10_000;
  private opening: Promise<void> | null = null;
  private closed = false;
  /** The store had nothing more to claim until then. */
  private quietUntil = 0;
  private looks = 0;
  private overflowTimer: NodeJS.Timeout | undefined;
  private purge: HistoryPurge | undefined;

  constructor(
    readonly location: string,
    private readonly connection: StoreConnection,
    private readonly context: EngineContext,
  ) {
    this.health = new StorageHealth(location, context.log);
    this.unsubscribe = connection.subscribe({
      onJobs: () => this.lookAgain(),
      onDeposed: () => this.deposed(),
      onProblem: (error) => this.health.failed(error),
      onReset: () => void this.writes.run(() => this.register()),
    });
  }

  open(): Promise<void> {
    this.opening ??= this.openStore();
    return this.opening;
  }

  programId(): Promise<string | null> {
    return this.read('programId', {});
  }

  saveProgramId(id: string): Promise<void> {
    return this.write('saveProgramId', { id });
  }

  async enqueue(job: NewJob, replaces?: string): Promise<string> {
    this.check(job);
    const id = job.id ?? uuid7();
    const { owner } = this.connection;
    try {
      const isFirst = await this.write('enqueue', { ...job, id, owner, replaces });
      if (replaces !== undefined) this.ready.drop(replaces);
      this.ready.hold(id, job, isFirst);
      return id;
    } catch (error) {
      // Its sign-up is told that it wasn't saved, and will never decide on it.
      if (error instanceof StoreError && error.mayBeSaved) void this.end(id, 'discarded');
      throw error;
    }
  }

  async submit(job: SubmittedJob): Promise<Submitted> {
    this.check(job);
    const id = job.id ?? uuid7();
    if (job.overrides) await this.releaseOrder(job.orderingKey);
    const outcome = await this.write('submit', { ...job, id });
    if (outcome === null) this.lookAgain();
    return { id, outcome };
  }

  release(id: string): void {
    const where = this.ready.release(id, this.relay?.isSending ?? false);
    if (where === 'ready') this.relay?.wake();
    if (where === 'overflow') this.releaseSoon([{ id }]);
  }

  async discard(id: string): Promise<boolean> {
    if (!this.ready.drop(id)) return false;
    return (await this.end(id, 'discarded')) ?? false;
  }

  start(delivery: Delivery): DeliveryControl {
    this.expectDelay(delivery.maxBackoffMs);
    const relay = new Relay(this, delivery, this.context.log);
    this.relay = relay;
    relay.wake();
    return {
      pause: (reason) => {
        relay.pause(reason);
        this.releaseSoon(this.ready.take());
      },
      resume: () => relay.resume(),
      drain: async (capMs) => {
        await relay.drain(capMs);
        this.releaseSoon(this.ready.take());
        await this.releaseOverflow();
      },
    };
  }

  async stats(): Promise<OutboxStats> {
    const { problem } = this.health;
    // It may have passed without a write since.
    if (problem !== null) await this.register().catch(() => {});
    const { counters, oldestPendingAt } = await this.read('stats', {});
    const now = this.health.problem;
    return {
      ...sumCounters(counters),
      program: this.context.program,
      location: this.location,
      oldestPendingAt: toDate(oldestPendingAt),
      paused: this.relay?.pauseNow ?? null,
      storage: { ok: now === null, problem: now },
    };
  }

  async find(orderingKey: string): Promise<HistoryEntry[]> {
    return (await this.read('find', { orderingKey })).map(toEntry);
  }

  async *deadLetters(): AsyncIterable<HistoryEntry> {
    for (let after = 0; ;) {
      const page = await this.read('deadLetters', { after, limit: DEAD_LETTERS_PAGE });
      yield* page.map(toEntry);
      const last = page.at(-1);
      if (!last) return;
      after = last.seq;
    }
  }

  async requeue(filter: RequeueFilter): Promise<number> {
    const stored = toFilter(filter);
    const requeued = stored ? await this.write('requeue', stored) : 0;
    this.lookAgain();
    return requeued;
  }

  async forget(orderingKey: string): Promise<Forgotten> {
    await this.releaseOrder(orderingKey);
    return this.write('forget', { orderingKey });
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.relay?.drain(0);
    this.health.close();
    this.purge?.stop();
    clearTimeout(this.overflowTimer);
    this.writes.stop();
    this.unsubscribe();
    if (!this.opening) return;
    await this.opening.catch(() => {});
    await Promise.all(this.endings);
    const ids = [...this.ready.takeAll(), ...this.claimed, ...this.overflow];
    this.claimed.clear();
    // If that fails, the next process takes them over.
    await this.call('release', { owner: this.connection.owner, ids }).catch(() => {});
    await this.connection.close();
  }

  async claim(max: number): Promise<{ jobs: Job[]; nextDueInMs: number }> {
    const jobs = this.ready.take(max);
    const now = Date.now();
    const isQuiet = now < this.quietUntil && this.quietUntil - now <= POLL_MS;
    if (jobs.length === 0 && !isQuiet) {
      const { owner } = this.connection;
      const args = { owner, limit: max, horizonMs: this.horizonMs };
      const { looks } = this;
      const found = await this.read('claim', args);
      jobs.push(...found.jobs);
      const waitMs = Math.min(POLL_MS, found.nextDueInMs ?? POLL_MS);
      // Meanwhile, jobs may have become available.
      const isQuietNow = found.jobs.length < max && looks === this.looks;
      this.quietUntil = isQuietNow ? now + waitMs : 0;
    }
    for (const { id } of jobs) this.claimed.add(id);
    return { jobs, nextDueInMs: Math.max(0, this.quietUntil - now) };
  }

  async complete(job: Job, result: CompletedResult): Promise<boolean> {
    if (!this.claimed.has(job.id)) return false;
    const { outcome, reason, detail, releasesKey, purgesHistory } = result;
    const { ours, next } = await this.write('complete', {
      ...this.claimOf(job),
      outcome,
      reason,
      detail: detail && JSON.stringify(detail),
      releasesKey,
      purgesHistory,
    });
    this.claimed.delete(job.id);
    if (next) this.lookAgain();
    return ours;
  }

  async reschedule(job: Job, to: Rescheduling): Promise<'rescheduled' | 'dead' | 'lost'> {
    if (!this.claimed.has(job.id)) return 'lost';
    this.expectDelay(to.delayMs);
    const result = await this.write('reschedule', { ...this.claimOf(job), ...to });
    this.claimed.delete(job.id);
    this.lookAgain();
    return result;
  }

  async saveCheckpoint(job: Job, checkpoint: string): Promise<boolean> {
    if (!this.claimed.has(job.id)) return false;
    return this.write('saveCheckpoint', { ...this.claimOf(job), checkpoint });
  }

  async releaseClaimed(jobs: readonly Job[]): Promise<void> {
    const ids = jobs.map(({ id }) => id);
    for (const id of ids) this.claimed.delete(id);
    await this.write('release', { owner: this.connection.owner, ids });
    this.lookAgain();
  }

  async pendingCount(): Promise<number> {
    return sumCounters((await this.read('stats', {})).counters).pending;
  }

  private async openStore(): Promise<void> {
    await this.connection.open();
    // A store in trouble that may pass doesn't stop the app from starting.
    await this.register().catch(() => void this.writes.run(() => this.register()));
  }

  private async register(): Promise<void> {
    await this.write('registerProgram', {});
    const { historyDays = DEFAULT_HISTORY_DAYS } = this.context;
    this.purge ??= new HistoryPurge(historyDays, (olderThanMs, after) =>
      this.call('purge', { olderThanMs, after }),
    );
  }

  /** Ends a job that this process owns, however often that takes. */
  private end(id: string, outcome: string): Promise<boolean | undefined> {
    const { owner } = this.connection;
    const ending = this.writes.run(async () => {
      const { ours, next } = await this.write('complete', { id, owner, outcome });
      if (next) this.lookAgain();
      return ours;
    });
    this.endings.add(ending);
    void ending.finally(() => this.endings.delete(ending));
    return ending;
  }

  /** What only waits in memory isn't in flight. */
  private async releaseOrder(orderingKey: string): Promise<void> {
    const ids = [...this.ready.takeOrder(orderingKey), ...this.overflow];
    if (ids.length > 0) await this.write('release', { owner: this.connection.owner, ids });
    await this.relay?.releaseReady((job) => job.orderingKey === orderingKey);
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
    const ids = [...this.overflow];
    if (ids.length === 0) return;
    const { owner } = this.connection;
    await this.writes.run(() => this.write('release', { owner, ids }));
    for (const id of ids) this.overflow.delete(id);
    this.lookAgain();
  }

  /** Writes for jobs that another process has are refused; what is still owned must not be stuck. */
  private deposed(): void {
    this.ready.depose();
    this.releaseSoon(this.ready.take());
    void this.relay?.releaseReady();
    this.lookAgain();
  }

  private lookAgain(): void {
    this.quietUntil = 0;
    this.looks += 1;
    this.relay?.wake();
  }

  private expectDelay(ms: number): void {
    this.horizonMs = Math.max(this.horizonMs, ms * 1.2);
  }

  private claimOf({ id }: Job) {
    return { id, owner: this.connection.owner };
  }

  /** Databases refuse these, or store them so that they are never found again. */
  private check({ orderingKey, referralKey, key }: SubmittedJob): void {
    for (const each of [orderingKey, referralKey ?? '', key?.value ?? '']) {
      if (typeof each === 'string' && each.isWellFormed() && !each.includes('\0')) continue;
      throw new StoreError({ code: 'INVALID_KEY', message: '' });
    }
  }

  private write<N extends OperationName>(name: N, args: Args<N>): Promise<Reply<N>> {
    return this.health.write(this.call(name, args));
  }

  private read<N extends OperationName>(name: N, args: Args<N>): Promise<Reply<N>> {
    return this.health.read(this.call(name, args));
  }

  private call<N extends OperationName>(name: N, args: Args<N>): Promise<Reply<N>> {
    return this.connection.call(name, this.context.program, args);
  }
}
