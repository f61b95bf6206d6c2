import type { Delivery, DeliveryControl } from '../outbox/delivery.js';
import type { Forgotten, HistoryEntry, OutboxStats, RequeueFilter } from '../outbox/history.js';
import type { Job, NewJob, SubmittedJob } from '../outbox/job.js';
import type { EngineContext, OutboxEngine, Submitted } from '../outbox/outbox-engine.js';
import { uuid7 } from '../outbox/uuid7.js';
import { within } from '../within.js';
import { toData, type StoredJob } from './bullmq-job.js';
import { BullmqDelivery } from './bullmq.delivery.js';
import { BullmqInspector } from './bullmq.inspector.js';
import type { ResolvedBullmqOptions } from './bullmq.options.js';
import { CustomerRecords } from './customer-records.js';
import { JobStore } from './job-store.js';
import { QueueConnection, type QueuePlace } from './queue-connection.js';
import { findRisks } from './redis-checks.js';
import { BullmqOutboxError } from './redis-error.js';
import { submitJob } from './submit-job.js';

const HISTORY_DAYS = 7;
const DAY_MS = 86_400_000;
const CLOSE_MS = 1_000;
const FORWARD_MS = 5_000;
const REGISTER_MS = 5_000;

/** The outbox in one queue of BullMQ. */
export class BullmqEngine implements OutboxEngine {
  readonly location: string;
  private readonly connection: QueueConnection;
  private readonly store: JobStore;
  private readonly inspector: BullmqInspector;
  private readonly programKey: string;
  private delivery: BullmqDelivery | undefined;
  /** What this process holds. */
  private readonly held = new Map<string, StoredJob>();
  /** What has to finish before the connection closes. */
  private readonly running = new Set<Promise<unknown>>();
  private holding: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: ResolvedBullmqOptions,
    place: QueuePlace,
    private readonly context: EngineContext,
  ) {
    const { program, log, historyDays = HISTORY_DAYS } = context;
    this.location = place.location;
    this.programKey = programKeyOf(options, place.name);
    this.connection = new QueueConnection(options, place, log, () => this.prepare());
    const base = `${options.prefix}:${place.name}`;
    const client = () => this.connection.client;
    const records = new CustomerRecords(client, base, program, historyDays * DAY_MS);
    this.store = new JobStore(this.connection, records);
    this.inspector = new BullmqInspector(this.connection, this.store);
  }

  get isUsable(): boolean {
    return this.connection.isUsable;
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

  async saveProgramId(id: string): Promise<void> {
    await this.register({ id });
  }

  async enqueue(given: NewJob, replaces?: string): Promise<string> {
    const { fallback, leaseMs } = this.options;
    const job = { ...given, id: given.id ?? uuid7() };
    const { id, name } = job;
    const discards = this.held.has(replaces ?? '') ? replaces : undefined;
    const pending = { id, position: Date.now(), discards };
    try {
      const added = await this.connection.write(this.context.acceptTimeoutMs, (saving) =>
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
    // If that fails, the job is released when its delay is over.
    if (job) void this.track(this.store.promote(job));
  }

  async discard(id: string): Promise<boolean> {
    const job = this.held.get(id);
    if (!job) return false;
    this.held.delete(id);
    return this.eventually(() => this.store.discardHeld(job));
  }

  /** Like `discard`, for a job of which it isn't known whether Redis saved it, or will. */
  discardUnconfirmed(job: NewJob & Pick<Job, 'id'>): Promise<boolean> {
    return this.eventually(() => this.store.discardUnconfirmed(job.name, toData(job)));
  }

  submit(job: SubmittedJob): Promise<Submitted> {
    return this.connection.write(this.context.acceptTimeoutMs, (saving) =>
      submitJob(this.store, job, saving),
    );
  }

  /**
   * Saves a job that waited elsewhere for Redis, where it belongs in the order of its customer.
   * @throws BullmqOutboxError
   */
  async forward(job: SubmittedJob & Pick<Job, 'id' | 'checkpoint'>): Promise<void> {
    await this.connection.write(FORWARD_MS, async (saving) => {
      const existing = await this.store.get(job.id);
      if (!existing) await submitJob(this.store, job, saving, { forwarded: true });
      // It was saved here too, and is held.
      else if (existing.attemptsStarted === 0) await this.store.promote(existing);
    });
  }

  start(delivery: Delivery): DeliveryControl {
    const pendingCount = async () => (await this.stats()).pending;
    const { connection, store, context } = this;
    this.delivery = new BullmqDelivery(connection, store, delivery, context.log, pendingCount);
    return this.delivery;
  }

  async stats(): Promise<OutboxStats> {
    // It may have passed without a write since.
    if (this.connection.health.problem !== null) await this.register({}).catch(() => {});
    return this.inspector.stats(this.delivery?.paused ?? null);
  }

  find(orderingKey: string): Promise<HistoryEntry[]> {
    return this.inspector.find(orderingKey);
  }

  deadLetters(): AsyncIterable<HistoryEntry> {
    return this.inspector.deadLetters();
  }

  requeue(filter: RequeueFilter): Promise<number> {
    return this.inspector.requeue(filter);
  }

  forget(orderingKey: string, keeps?: string): Promise<Forgotten> {
    return this.inspector.forget(orderingKey, keeps);
  }

  async close(): Promise<void> {
    clearInterval(this.holding);
    await this.delivery?.drain(0);
    for (const id of this.held.keys()) this.release(id);
    this.connection.retries.stop();
    await within(CLOSE_MS, Promise.allSettled(this.running));
    await this.connection.close();
  }

  private async prepare(): Promise<void> {
    const { client } = this.connection;
    const { program, log } = this.context;
    await client.hset(this.programKey, { name: program });
    const risks = findRisks(await client.info().catch(() => ''));
    if (risks.length > 0)
      log.warn(`Saved jobs can be lost in ${this.location}: ${risks.join('; ')}.`);
  }

  private async register(facts: { id?: string }): Promise<void> {
    const values = { name: this.context.program, ...facts };
    await this.connection.write(REGISTER_MS, () =>
      this.connection.client.hset(this.programKey, values),
    );
  }

  private async eventually(work: () => Promise<boolean>): Promise<boolean> {
    return (await this.track(this.connection.writeEventually(work))) ?? false;
  }

  private track<T>(work: Promise<T>): Promise<T | undefined> {
    const tracked = work.catch(() => undefined);
    this.running.add(tracked);
    void tracked.finally(() => this.running.delete(tracked));
    return tracked;
  }
}

/** The key of what is known of a program. It exists once an engine of that program was opened. */
export function programKeyOf({ prefix }: ResolvedBullmqOptions, queueName: string): string {
  return `${prefix}:${queueName}-program`;
}
