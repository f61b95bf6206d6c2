import { randomUUID } from 'node:crypto';
import { ThrottledLogger } from '../../common/throttled-logger.js';
import type { Delivery, DeliveryControl } from '../delivery.js';
import type { DeliveryResult } from '../delivery-result.js';
import type { Forgotten, HistoryEntry, OutboxStats } from '../history.js';
import type { Job, NewJob } from '../job.js';
import type { EngineContext, OutboxEngine } from '../outbox-engine.js';
import { OutboxError } from '../outbox.error.js';

/** The one attempt failed, or there is none. */
export class InlineDeliveryError extends OutboxError {
  override readonly name = 'InlineDeliveryError';

  constructor(
    message: string,
    override readonly reason: string,
  ) {
    super(message);
  }
}

/** Saves nothing: makes one attempt within `enqueue`. Counts since the start of the process. */
export class InlineOutbox implements OutboxEngine {
  readonly location = 'inline: one attempt inside the request, nothing is saved';
  private readonly outcomes: Record<string, number> = {};
  private readonly errors: ThrottledLogger;
  private queued = 0;
  /** Of all jobs: only sign-ups are enqueued. */
  private jobName = '';
  private delivery: Delivery | null = null;
  private problem: string | null = null;

  constructor(
    private readonly context: EngineContext,
    private readonly timeoutMs: number,
  ) {
    this.errors = new ThrottledLogger((message) => context.log.error(message));
  }

  async open(): Promise<void> {}

  programId(): Promise<null> {
    return Promise.resolve(null);
  }

  async saveProgramId(): Promise<void> {}

  /** @throws InlineDeliveryError where another engine would try again */
  async enqueue(newJob: NewJob): Promise<string> {
    if (!this.delivery) throw new InlineDeliveryError('Delivery was not started.', 'not_started');
    const job: Job = { ...newJob, id: randomUUID(), attempts: 0 };
    const checkpoint = { save: () => Promise.resolve(true) };
    const signal = AbortSignal.timeout(this.timeoutMs);
    const result = await this.delivery.deliver(job, signal, checkpoint);
    if (result.type !== 'completed') throw this.lost(result);
    this.problem = null;
    this.queued += 1;
    this.jobName = job.name;
    this.outcomes[result.outcome] = (this.outcomes[result.outcome] ?? 0) + 1;
    this.delivery.onEnd(job, result);
    return job.id;
  }

  release(): void {}

  /** What was attempted can't be taken back. */
  discard(): Promise<boolean> {
    return Promise.resolve(false);
  }

  /** @throws InlineDeliveryError always: submitted jobs must not be lost */
  submit(): Promise<never> {
    return Promise.reject(new InlineDeliveryError('inlineOutbox() saves nothing.', 'inline'));
  }

  start(delivery: Delivery): DeliveryControl {
    this.delivery = delivery;
    return { pause: () => {}, resume: () => {}, drain: () => Promise.resolve() };
  }

  stats(): Promise<OutboxStats> {
    const { queued, jobName, problem } = this;
    const counts = { queued, pending: 0, dead: 0, outcomes: { ...this.outcomes } };
    return Promise.resolve({
      ...counts,
      program: this.context.program,
      location: this.location,
      jobs: queued > 0 ? { [jobName]: counts } : {},
      oldestPendingAt: null,
      paused: null,
      storage: { ok: problem === null, problem },
    });
  }

  find(): Promise<HistoryEntry[]> {
    return Promise.resolve([]);
  }

  recent(): Promise<HistoryEntry[]> {
    return Promise.resolve([]);
  }

  async *deadLetters(): AsyncIterable<HistoryEntry> {}

  requeue(): Promise<number> {
    return Promise.resolve(0);
  }

  forget(): Promise<Forgotten> {
    return Promise.resolve({ forgotten: 0, inFlight: 0 });
  }

  async close(): Promise<void> {}

  private lost(result: DeliveryResult): InlineDeliveryError {
    const reason = 'reason' in result && result.reason ? result.reason : 'rate_limited';
    this.problem = reason;
    const message = `An attribution is lost, since inlineOutbox() makes only one attempt: ${reason}.`;
    this.errors.warn('lost', () => message);
    return new InlineDeliveryError(`Partnero didn't accept it: ${reason}`, reason);
  }
}
