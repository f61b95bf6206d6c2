import type { RunInAppContext } from '../common/app-context.js';
import type { Delivery, DeliveryControl } from '../outbox/delivery.js';
import type { JobEnd } from '../outbox/delivery-result.js';
import type { Forgotten, HistoryEntry, OutboxStats, RequeueFilter } from '../outbox/history.js';
import type { Job, NewJob, SubmittedJob } from '../outbox/job.js';
import type { OutboxEngine, Submitted } from '../outbox/outbox-engine.js';
import { deliverTracing, publish, queueTracing } from './channels.js';
import type { DeliverTrace, JobMessage, QueueTrace } from './messages.js';
import { readTraced, withTraceparent } from './traced-payload.js';

/** What messages have of a job, beside its id and its program. */
export type JobFacts = Omit<JobMessage, 'jobId' | 'program'>;

export interface Observation {
  readonly program: string;
  readonly factsOf: (job: NewJob) => JobFacts;
  /** Deliveries must not see the context of the request which woke the engine. */
  readonly inAppContext: RunInAppContext;
}

/** An engine whose jobs are published on the channels. Their trace context is saved with them. */
export class ObservedEngine implements OutboxEngine {
  readonly enqueueIn?: NonNullable<OutboxEngine['enqueueIn']>;

  constructor(
    private readonly engine: OutboxEngine,
    private readonly observation: Observation,
  ) {
    if (engine.enqueueIn) this.enqueueIn = (...args) => this.enqueueWithin(...args);
  }

  get location(): string {
    return this.engine.location;
  }

  open(): Promise<void> {
    return this.engine.open();
  }

  programId(): Promise<string | null> {
    return this.engine.programId();
  }

  saveProgramId(id: string): Promise<void> {
    return this.engine.saveProgramId(id);
  }

  async enqueue(job: NewJob, replaces?: string): Promise<string> {
    const saved = await this.queue(job, (traced) =>
      this.engine.enqueue(traced, replaces).then(queued),
    );
    if (replaces !== undefined) this.discarded(replaces);
    return saved.id;
  }

  release(id: string): void {
    this.engine.release(id);
  }

  async discard(id: string): Promise<boolean> {
    const isDiscarded = await this.engine.discard(id);
    if (isDiscarded) this.discarded(id);
    return isDiscarded;
  }

  submit(job: SubmittedJob): Promise<Submitted> {
    return this.queue(job, (traced) => this.engine.submit(traced));
  }

  start(delivery: Delivery): DeliveryControl {
    const { inAppContext: run } = this.observation;
    return this.engine.start({
      ...delivery,
      checkKey: () => run(() => delivery.checkKey()),
      onPause: (pause) => run(() => delivery.onPause?.(pause)),
      deliver: (job, signal, checkpoint) =>
        run(() => this.attempt(job, (read) => delivery.deliver(read, signal, checkpoint))),
      onEnd: (job, end) => run(() => this.ended(job, end, (read) => delivery.onEnd(read, end))),
      onRetry: (job, { reason, attempts, delayMs }) =>
        run(() => publish('retry', () => ({ ...this.messageOf(job), reason, attempts, delayMs }))),
    });
  }

  stats(): Promise<OutboxStats> {
    return this.engine.stats();
  }

  find(orderingKey: string): Promise<HistoryEntry[]> {
    return this.engine.find(orderingKey);
  }

  recent(limit: number): Promise<HistoryEntry[]> {
    return this.engine.recent(limit);
  }

  deadLetters(): AsyncIterable<HistoryEntry> {
    return this.engine.deadLetters();
  }

  requeue(filter: RequeueFilter): Promise<number> {
    return this.engine.requeue(filter);
  }

  forget(orderingKey: string, keeps?: string): Promise<Forgotten> {
    return this.engine.forget(orderingKey, keeps);
  }

  close(): Promise<void> {
    return this.engine.close();
  }

  private async enqueueWithin(transaction: unknown, job: NewJob): Promise<string> {
    const enqueue = (traced: NewJob) => this.engine.enqueueIn!(transaction, traced).then(queued);
    return (await this.queue(job, enqueue)).id;
  }

  private queue<T extends NewJob>(
    job: T,
    save: (traced: T) => Promise<Submitted>,
  ): Promise<Submitted> {
    const { program, factsOf } = this.observation;
    const saveAndPublish = async (traced: T): Promise<Submitted> => {
      const saved = await save(traced);
      if (saved.outcome === null) {
        publish('queued', () => ({ program, ...factsOf(job), jobId: saved.id }));
      }
      return saved;
    };
    if (!queueTracing.hasSubscribers) return saveAndPublish(job);
    const trace: QueueTrace = { program, ...factsOf(job) };
    return queueTracing.tracePromise(async () => {
      const payload = withTraceparent(job.payload, trace.traceparent);
      const { id, outcome } = await saveAndPublish({ ...job, payload });
      trace.jobId = id;
      trace.outcome = outcome;
      return { id, outcome };
    }, trace);
  }

  private attempt<R>(job: Job, deliver: (read: Job) => Promise<R>): Promise<R> {
    const { payload, traceparent } = readTraced(job.payload);
    const attempt = () => deliver({ ...job, payload });
    if (!deliverTracing.hasSubscribers) return attempt();
    const trace: DeliverTrace = { ...this.messageOf(job), attempts: job.attempts, traceparent };
    return deliverTracing.tracePromise(
      () => (trace.around ? trace.around(attempt) : attempt()),
      trace,
    );
  }

  private ended(job: Job, end: JobEnd, report: (read: Job) => void): void {
    const queuedAt = new Date(job.queuedAt);
    const { reason } = end;
    if (end.type === 'dead') {
      publish('dead-letter', () => ({ ...this.messageOf(job), reason: end.reason, queuedAt }));
    } else {
      const { outcome } = end;
      publish('delivered', () => ({ ...this.messageOf(job), outcome, reason, queuedAt }));
    }
    report({ ...job, payload: readTraced(job.payload).payload });
  }

  private discarded(jobId: string): void {
    publish('discarded', () => ({ program: this.observation.program, jobId }));
  }

  private messageOf(job: Job): JobMessage {
    const { program, factsOf } = this.observation;
    return { program, ...factsOf(job), jobId: job.id };
  }
}

function queued(id: string): Submitted {
  return { id, outcome: null };
}
