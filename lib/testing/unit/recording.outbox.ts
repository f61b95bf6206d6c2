import { randomUUID } from 'node:crypto';
import type { DeliveryControl } from '../../outbox/delivery.js';
import type { Forgotten, HistoryEntry, OutboxStats } from '../../outbox/history.js';
import type { NewJob, SubmittedJob } from '../../outbox/job.js';
import { emptyStats, sumCounters } from '../../outbox/job-counts.js';
import type { OutboxEngine, Submitted } from '../../outbox/outbox-engine.js';

interface RecordedJob extends SubmittedJob {
  readonly id: string;
  isHeld: boolean;
}

/** Keeps jobs in memory and delivers none. */
export class RecordingOutbox implements OutboxEngine {
  readonly location = 'the memory of a test';
  private jobs: RecordedJob[] = [];

  constructor(private readonly program: string) {}

  /** The jobs of that name that would be sent, oldest first. */
  recorded(name: string): readonly SubmittedJob[] {
    return this.jobs.filter((job) => job.name === name && !job.isHeld);
  }

  /** Of all jobs. */
  get ids(): string[] {
    return this.jobs.map(({ id }) => id);
  }

  remove(ids: readonly string[]): void {
    this.jobs = this.jobs.filter(({ id }) => !ids.includes(id));
  }

  clear(): void {
    this.jobs = [];
  }

  async open(): Promise<void> {}

  async programId(): Promise<null> {
    return null;
  }

  async saveProgramId(): Promise<void> {}

  async enqueue(job: NewJob, replaces?: string): Promise<string> {
    if (replaces !== undefined) await this.discard(replaces);
    return this.add(job, true);
  }

  async enqueueIn(_: unknown, job: NewJob): Promise<string> {
    return this.add(job, false);
  }

  release(id: string): void {
    for (const job of this.jobs) if (job.id === id) job.isHeld = false;
  }

  async discard(id: string): Promise<boolean> {
    const jobs = this.jobs.filter((job) => job.id !== id || !job.isHeld);
    const isDiscarded = jobs.length < this.jobs.length;
    this.jobs = jobs;
    return isDiscarded;
  }

  async submit(job: SubmittedJob): Promise<Submitted> {
    const outcome = this.outcomeOf(job);
    return { id: outcome === null ? this.add(job, false) : randomUUID(), outcome };
  }

  start(): DeliveryControl {
    return { pause: () => {}, resume: () => {}, drain: () => Promise.resolve() };
  }

  async stats(): Promise<OutboxStats> {
    const counters = this.jobs.flatMap(({ name }) => [
      { name, outcome: 'queued', n: 1 },
      { name, outcome: 'pending', n: 1 },
    ]);
    return { ...emptyStats(this.program, this.location), ...sumCounters(counters) };
  }

  async find(orderingKey: string): Promise<HistoryEntry[]> {
    return this.entriesOf(this.jobs.filter((job) => job.orderingKey === orderingKey));
  }

  async recent(limit: number): Promise<HistoryEntry[]> {
    return this.entriesOf(this.jobs.slice(-limit));
  }

  private entriesOf(jobs: readonly RecordedJob[]): HistoryEntry[] {
    return jobs.toReversed().map(({ id, name, orderingKey, key, referralKey, queuedAt }) => ({
      id,
      program: this.program,
      jobName: name,
      customerKey: orderingKey,
      key: key?.value ?? null,
      referralKey,
      state: 'pending',
      outcome: null,
      reason: null,
      detail: null,
      attempts: 0,
      queuedAt: new Date(queuedAt),
      endedAt: null,
    }));
  }

  async *deadLetters(): AsyncIterable<HistoryEntry> {}

  async requeue(): Promise<number> {
    return 0;
  }

  async forget(orderingKey: string, keeps?: string): Promise<Forgotten> {
    const { length } = this.jobs;
    this.jobs = this.jobs.filter((job) => job.orderingKey !== orderingKey || job.name === keeps);
    return { forgotten: length - this.jobs.length, inFlight: 0 };
  }

  async close(): Promise<void> {}

  private add(job: SubmittedJob, isHeld: boolean): string {
    const id = job.id ?? randomUUID();
    this.jobs.push({ ...job, id, isHeld });
    return id;
  }

  /** As an engine would respond: `null` unless the key is taken or cancelled. */
  private outcomeOf({ name, key }: SubmittedJob): string | null {
    if (!key) return null;
    const { same, different, cancelled } = key.ifTaken;
    if (this.jobs.some(({ cancels }) => cancels?.name === name && cancels.key === key.value)) {
      return cancelled;
    }
    const other = this.jobs.find((job) => job.name === name && job.key?.value === key.value);
    if (!other) return null;
    return other.key?.digest === key.digest ? same : different;
  }
}
