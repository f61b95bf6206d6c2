import { within } from '../../common/within.js';
import type { Delivery, DeliveryControl } from '../delivery.js';
import type { Forgotten, HistoryEntry, OutboxStats, RequeueFilter } from '../history.js';
import type { NewJob, SubmittedJob } from '../job.js';
import { sumCounters } from '../job-counts.js';
import type { EngineContext, OutboxEngine, Submitted } from '../outbox-engine.js';
import { Relay } from '../relay.js';
import { RetryUntilStopped } from '../retry-until-stopped.js';
import { StorageHealth } from '../storage-health.js';
import { uuid7 } from '../uuid7.js';
import { checkKeys } from './check-keys.js';
import type { Args, Reply } from './operations.js';
import { OwnedJobs } from './owned-jobs.js';
import { StoreCalls } from './store-calls.js';
import type { StoreConnection } from './store-connection.js';
import { StoreError } from './store.error.js';
import { toDate, toEntry, toFilter } from './stored-values.js';

const DEFAULT_HISTORY_DAYS = 90;
const DAY_MS = 86_400_000;
const PURGE_EVERY_MS = 3_600_000;
const DEAD_LETTERS_PAGE = 200;
/** At shutdown. What isn't released by then is taken over by another process. */
const RELEASE_MS = 1_000;

/** One program's outbox in a SQL store. */
export class SqlOutbox implements OutboxEngine {
  private readonly store: StoreCalls;
  private readonly jobs: OwnedJobs;
  private readonly health: StorageHealth;
  private readonly registering = new RetryUntilStopped();
  private readonly unsubscribe: () => void;
  private relay: Relay | null = null;
  private opening: Promise<void> | null = null;
  private closed = false;
  private purging: NodeJS.Timeout | undefined;

  constructor(
    readonly location: string,
    private readonly connection: StoreConnection,
    protected readonly context: EngineContext,
  ) {
    this.health = new StorageHealth(location, context.log);
    this.store = new StoreCalls(connection, context.program, this.health);
    this.jobs = new OwnedJobs(this.store);
    this.unsubscribe = connection.subscribe({
      onJobs: () => this.jobs.wake(),
      onLeaseLost: () => this.jobs.loseLease(),
      onProblem: (error) => this.health.failed(error),
      onReset: () => void this.registering.run(() => this.register()),
    });
  }

  open(): Promise<void> {
    this.opening ??= this.openStore();
    return this.opening;
  }

  programId(): Promise<string | null> {
    return this.store.read('programId', {});
  }

  saveProgramId(id: string): Promise<void> {
    return this.store.write('saveProgramId', { id });
  }

  async enqueue(job: NewJob, replaces?: string): Promise<string> {
    checkKeys(job);
    const id = job.id ?? uuid7();
    const { owner } = this.store;
    try {
      const isFirst = await this.save('enqueue', { ...job, id, owner, replaces });
      if (replaces !== undefined) this.jobs.drop(replaces);
      this.jobs.hold(id, job, isFirst);
      return id;
    } catch (error) {
      // Its sign-up counts as not saved, and will never decide on it.
      if (error instanceof StoreError && error.mayBeSaved) {
        void this.jobs.discardUnconfirmed(id);
      }
      throw error;
    }
  }

  async submit(job: SubmittedJob): Promise<Submitted> {
    checkKeys(job);
    const id = job.id ?? uuid7();
    if (job.overrides) await this.jobs.releaseOrder(job.orderingKey);
    const outcome = await this.save('submit', { ...job, id });
    this.jobs.wake();
    return { id, outcome };
  }

  release(id: string): void {
    this.jobs.release(id);
  }

  async discard(id: string): Promise<boolean> {
    if (!this.jobs.drop(id)) return false;
    return (await this.jobs.discard(id)) ?? false;
  }

  start(delivery: Delivery): DeliveryControl {
    this.jobs.expectDelay(delivery.maxBackoffMs);
    const relay = new Relay(this.jobs, delivery, this.context.log);
    this.relay = relay;
    this.jobs.relay = relay;
    // The app may be stopped while it starts.
    if (this.closed) void relay.drain(0);
    else relay.wake();
    return {
      pause: (reason) => relay.pause(reason),
      resume: () => relay.resume(),
      drain: async (capMs) => {
        await relay.drain(capMs);
        // A store that doesn't work must not stop the shutdown.
        await within(RELEASE_MS, this.jobs.releaseReady());
      },
    };
  }

  async stats(): Promise<OutboxStats> {
    // A problem may have passed without a write since.
    if (this.health.problem !== null) await this.register().catch(() => {});
    const { counters, oldestPendingAt } = await this.store.read('stats', {});
    const { problem } = this.health;
    return {
      ...sumCounters(counters),
      program: this.context.program,
      location: this.location,
      oldestPendingAt: toDate(oldestPendingAt),
      paused: this.relay?.pauseNow ?? null,
      storage: { ok: problem === null, problem },
    };
  }

  async find(orderingKey: string): Promise<HistoryEntry[]> {
    return (await this.store.read('find', { orderingKey })).map(toEntry);
  }

  async recent(limit: number): Promise<HistoryEntry[]> {
    return (await this.store.read('recent', { limit })).map(toEntry);
  }

  async *deadLetters(): AsyncIterable<HistoryEntry> {
    for (let after = 0; ;) {
      const page = await this.store.read('deadLetters', { after, limit: DEAD_LETTERS_PAGE });
      yield* page.map(toEntry);
      const last = page.at(-1);
      if (!last) return;
      after = last.seq;
    }
  }

  async requeue(filter: RequeueFilter): Promise<number> {
    const stored = toFilter(filter);
    const requeued = stored ? await this.store.write('requeue', stored) : 0;
    this.jobs.wake();
    return requeued;
  }

  async forget(orderingKey: string, keeps = ''): Promise<Forgotten> {
    await this.jobs.releaseOrder(orderingKey);
    return this.store.write('forget', { orderingKey, keeps });
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.relay?.drain(0);
    this.health.close();
    this.registering.stop();
    this.unsubscribe();
    if (this.opening) {
      await this.opening.catch(() => {});
      await this.jobs.close();
    }
    clearInterval(this.purging);
    await this.connection.close();
  }

  /** If the reply to a commit is lost, asks once more: a job that is there is not saved twice. */
  private async save<N extends 'enqueue' | 'submit'>(name: N, args: Args<N>): Promise<Reply<N>> {
    try {
      return await this.store.write(name, args);
    } catch (error) {
      const isLost = error instanceof StoreError && error.mayBeSaved && error.reason !== 'TIMEOUT';
      if (!isLost) throw error;
      return await this.store.write(name, args).catch(() => {
        throw error;
      });
    }
  }

  private async openStore(): Promise<void> {
    await this.connection.open();
    // A store in trouble that may pass doesn't stop the app from starting.
    await this.register().catch(() => void this.registering.run(() => this.register()));
  }

  private async register(): Promise<void> {
    await this.store.write('registerProgram', {});
    if (this.closed || this.purging) return;
    this.purging = setInterval(() => void this.purge(), PURGE_EVERY_MS).unref();
    void this.purge();
  }

  /** Deletes what completed longer ago than the history is kept. */
  private async purge(): Promise<void> {
    const olderThanMs = (this.context.historyDays ?? DEFAULT_HISTORY_DAYS) * DAY_MS;
    try {
      for (let after: number | null = 0; after !== null && !this.closed;) {
        after = await this.store.call('purge', { olderThanMs, after });
      }
    } catch {
      // Tried again in an hour. A store that doesn't work is reported by those who need it.
    }
  }
}
