import type { Delivery, DeliveryControl, Pause } from '../outbox/delivery.js';
import type { Forgotten, HistoryEntry, OutboxStats, RequeueFilter } from '../outbox/history.js';
import type { Job, NewJob, SubmittedJob } from '../outbox/job.js';
import { sumCounters, type Counter } from '../outbox/job-counts.js';
import type { EngineContext, OutboxEngine, Submitted } from '../outbox/outbox-engine.js';
import { StorageHealth } from '../outbox/storage-health.js';
import { uuid7 } from '../outbox/uuid7.js';
import { newest, toData, toEntry, type StoredJob } from './bullmq-job.js';
import { BullmqDelivery } from './bullmq.delivery.js';
import type { ResolvedBullmqOptions } from './bullmq.options.js';
import { CustomerRecords } from './customer-records.js';
import { NO_LIMIT } from './job-attempt.js';
import { JobStore } from './job-store.js';
import { QueueConnection } from './queue-connection.js';
import { findRisks } from './redis-checks.js';
import type { RedisClient } from './redis-client.js';
import { BullmqOutboxError } from './redis-error.js';
import { submitJob } from './submit-job.js';

const HISTORY_DAYS = 7;
const DAY_MS = 86_400_000;
const WRITE_MS = 5_000;
const PENDING = ['waiting', 'prioritized', 'delayed', 'active'] as const;
/** Of each state, so many jobs are read for their names. */
const SAMPLE = 1_000;
const FIND_LIMIT = 1_000;
const PAGE = 100;

/** The outbox in one queue of BullMQ. */
export class BullmqEngine implements OutboxEngine {
  private readonly connection: QueueConnection;
  private readonly records: CustomerRecords;
  private readonly store: JobStore;
  private readonly programKey: string;
  private delivery: BullmqDelivery | undefined;
  /** What this process holds. */
  private readonly held = new Map<string, StoredJob>();
  private holding: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: ResolvedBullmqOptions,
    queueName: string,
    readonly location: string,
    private readonly context: EngineContext,
  ) {
    const { program, log, historyDays = HISTORY_DAYS } = context;
    this.programKey = programKeyOf(options, queueName);
    const health = new StorageHealth(location, log);
    const prepare = (client: RedisClient) => this.prepare(client);
    this.connection = new QueueConnection(options, queueName, health, prepare);
    const base = `${options.prefix}:${queueName}`;
    const client = () => this.connection.client;
    this.records = new CustomerRecords(client, base, program, historyDays * DAY_MS);
    this.store = new JobStore(this.connection, this.records);
  }

  get isUsable(): boolean {
    return this.connection.isUsable;
  }

  /** Without a fallback, a slow Redis is better than none: the response doesn't wait for it. */
  private get saveMs(): number {
    const { acceptTimeoutMs } = this.context;
    return this.options.fallback ? acceptTimeoutMs : Math.max(WRITE_MS, acceptTimeoutMs);
  }

  async open(): Promise<void> {
    await this.connection.open();
    const { leaseMs } = this.options;
    this.holding = setInterval(() => {
      for (const job of this.held.values()) job.changeDelay(leaseMs).catch(() => {});
    }, leaseMs / 3).unref();
  }

  programId(): Promise<string | null> {
    return this.connection.read(() => this.connection.client.hget(this.programKey, 'id'));
  }

  saveProgramId(id: string): Promise<void> {
    return this.register({ id });
  }

  async enqueue(given: NewJob, replaces?: string): Promise<string> {
    const { fallback, leaseMs } = this.options;
    const job = { ...given, id: given.id ?? uuid7() };
    const { id, name } = job;
    const discards = this.held.has(replaces ?? '') ? replaces : undefined;
    const pending = { id, position: Date.now(), discards };
    try {
      const added = await this.connection.writeOnceConnected(this.saveMs, (saving) =>
        this.store.add(name, toData(job), pending, saving, leaseMs),
      );
      this.held.set(id, added);
    } catch (error) {
      // Its sign-up takes it for not saved, and will never decide on it.
      const { mayBeSaved } = BullmqOutboxError.from(error);
      if (mayBeSaved && !fallback) void this.discardUnconfirmed(job);
      throw error;
    }
    if (replaces !== undefined) void this.discard(replaces);
    return id;
  }

  release(id: string): void {
    const job = this.held.get(id);
    this.held.delete(id);
    if (job) void this.connection.writeEventually(() => this.store.promote(job));
  }

  async discard(id: string): Promise<boolean> {
    const job = this.held.get(id);
    if (!job) return false;
    this.held.delete(id);
    return (await this.connection.writeEventually(() => this.store.discardHeld(job))) ?? false;
  }

  /** Like `discard`, for a job of which it isn't known whether Redis saved it, or will. */
  async discardUnconfirmed(job: NewJob & Pick<Job, 'id'>): Promise<boolean> {
    const discard = () => this.store.discardUnconfirmed(job.name, toData(job));
    return (await this.connection.writeEventually(discard)) ?? false;
  }

  submit(job: SubmittedJob): Promise<Submitted> {
    return this.connection.writeOnceConnected(this.saveMs, (saving) =>
      submitJob(this.store, job, saving),
    );
  }

  /**
   * Saves a job that waited elsewhere for Redis, where it belongs in the order of its customer.
   * @throws BullmqOutboxError
   */
  async forward(job: SubmittedJob & Pick<Job, 'id' | 'checkpoint'>): Promise<void> {
    await this.connection.write(WRITE_MS, async (saving) => {
      const existing = await this.store.queue.getJob(job.id);
      if (!existing) await submitJob(this.store, job, saving, { forwarded: true });
      // It was saved here too, and is held.
      else if (existing.attemptsStarted === 0) await this.store.promote(existing);
    });
  }

  start(delivery: Delivery): DeliveryControl {
    const pendingCount = async () => (await this.stats()).pending;
    const { log } = this.context;
    this.delivery = new BullmqDelivery(this.connection, this.store, delivery, log, pendingCount);
    return this.delivery;
  }

  /**
   * Counts by state are exact; by job name too, unless there are over 1,000 jobs: the others are then
   * taken to have the most frequent name.
   */
  async stats(): Promise<OutboxStats> {
    const { connection, records, location, delivery } = this;
    const { health, queue } = connection;
    // A problem may have passed without a write since.
    if (health.problem !== null) await this.register({}).catch(() => {});
    return connection.read(async () => {
      const [{ failed = 0, ...open }, pending, dead, isPaused, limitMs] = await Promise.all([
        queue.getJobCounts(...PENDING, 'failed'),
        queue.getJobs([...PENDING], 0, SAMPLE - 1, true),
        queue.getJobs(['failed'], 0, SAMPLE - 1, true),
        queue.isPaused(),
        queue.getRateLimitTtl(NO_LIMIT),
      ]);
      const pendingCount = Object.values(open).reduce((sum, n) => sum + n, 0);
      const counters = [
        ...countNames('pending', pending, pendingCount),
        ...countNames('dead', dead, failed),
        // Last, so that no job is missing that has just ended.
        ...(await records.counts()),
      ];
      const queued = counters.map((counter) => ({ ...counter, outcome: 'queued' }));
      const oldest = Math.min(...pending.map(({ data }) => data.queuedAt));
      const queuePause: Pause | null = isPaused ? { reason: 'queue_paused', until: null } : null;
      const until = new Date(Date.now() + limitMs);
      const limit: Pause | null = limitMs > 0 ? { reason: 'rate_limited', until } : null;
      return {
        ...sumCounters([...counters, ...queued]),
        program: records.program,
        location,
        oldestPendingAt: pending.length > 0 ? new Date(oldest) : null,
        paused: delivery?.paused ?? queuePause ?? limit,
        storage: { ok: health.problem === null, problem: health.problem },
      };
    });
  }

  find(orderingKey: string): Promise<HistoryEntry[]> {
    const { connection, records, store } = this;
    return connection.read(async () => {
      const ended = (await records.history(orderingKey)).map(({ entry }) => entry);
      const ids = new Set(ended.map(({ id }) => id));
      const pending = (await records.pending(orderingKey)).slice(-FIND_LIMIT);
      const jobs = await Promise.all(pending.map(({ id }) => store.queue.getJob(id)));
      const found = jobs.filter((job) => job !== undefined);
      const open = found.map((job) => toEntry(job, records.program));
      return newest([...ended, ...open.filter(({ id }) => !ids.has(id))], FIND_LIMIT);
    });
  }

  /** Without jobs that ended when they were submitted: BullMQ never had those. */
  recent(limit: number): Promise<HistoryEntry[]> {
    const { connection, records } = this;
    return connection.read(async () => {
      const states = [...PENDING, 'failed', 'completed'] as const;
      const jobs = await connection.queue.getJobs([...states], 0, limit - 1, false);
      const entries = jobs.map((job) => toEntry(job, records.program));
      return newest(entries, limit);
    });
  }

  async *deadLetters(): AsyncGenerator<HistoryEntry, void> {
    for await (const job of this.dead()) yield toEntry(job, this.records.program);
  }

  async requeue(filter: RequeueFilter): Promise<number> {
    const id = 'id' in filter ? filter.id : undefined;
    const { customerKey, jobName } = 'id' in filter ? {} : filter;
    let requeued = 0;
    for await (const job of this.dead()) {
      if (id !== undefined && id !== job.data.id) continue;
      if (customerKey !== undefined && customerKey !== job.data.orderingKey) continue;
      if (jobName !== undefined && jobName !== job.name) continue;
      if (await this.store.requeue(job)) requeued += 1;
    }
    return requeued;
  }

  forget(orderingKey: string, keeps?: string): Promise<Forgotten> {
    const { connection, records, store } = this;
    return connection.write(WRITE_MS, async () => {
      const result = { forgotten: (await records.history(orderingKey)).length, inFlight: 0 };
      // The last one first: otherwise the next one would be sent.
      for (const { id } of (await records.pending(orderingKey)).toReversed()) {
        const isInFlight = await store.isInFlight(id);
        if (isInFlight === 'missing') await records.removePending(orderingKey, id);
        else if (isInFlight || (await store.queue.getJob(id))?.name === keeps) result.inFlight += 1;
        else if (await store.discard(id)) result.forgotten += 1;
      }
      await store.purgeHistory(orderingKey);
      await store.promoteNext(orderingKey);
      return result;
    });
  }

  async close(): Promise<void> {
    clearInterval(this.holding);
    await this.delivery?.drain(0);
    for (const id of this.held.keys()) this.release(id);
    await this.connection.close();
  }

  /** Oldest first. */
  private async *dead(): AsyncGenerator<StoredJob, void> {
    const { connection, store } = this;
    const ids = await connection.read(() => store.queue.getRanges(['failed'], 0, -1, true));
    for (let from = 0; from < ids.length; from += PAGE) {
      const page = ids.slice(from, from + PAGE);
      const jobs = await connection.read(() =>
        Promise.all(page.map((id) => store.queue.getJob(id))),
      );
      // One may have been requeued in the meantime.
      for (const job of jobs) if (job?.finishedOn) yield job;
    }
  }

  private async prepare(client: RedisClient): Promise<void> {
    const { program, log } = this.context;
    await client.hset(this.programKey, { name: program });
    const risks = findRisks(await client.info().catch(() => ''));
    if (risks.length === 0) return;
    log.warn(`Saved jobs can be lost in ${this.location}: ${risks.join('; ')}.`);
  }

  private async register(facts: { id?: string }): Promise<void> {
    const values = { name: this.context.program, ...facts };
    await this.connection.write(WRITE_MS, () =>
      this.connection.client.hset(this.programKey, values),
    );
  }
}

/** The key of what is known of a program. It exists once an engine of that program was opened. */
export function programKeyOf({ prefix }: ResolvedBullmqOptions, queueName: string): string {
  return `${prefix}:${queueName}-program`;
}

function countNames(outcome: string, sample: readonly StoredJob[], total: number): Counter[] {
  const counts = new Map<string, number>();
  for (const { name } of sample) counts.set(name, (counts.get(name) ?? 0) + 1);
  const [most] = [...counts].toSorted(([, a], [, b]) => b - a);
  if (most) counts.set(most[0], most[1] + Math.max(0, total - sample.length));
  return [...counts].map(([name, n]) => ({ name, outcome, n }));
}
