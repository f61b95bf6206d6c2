import assert from 'node:assert/strict';
import type { Delivery, KeyCheck } from '../../outbox/delivery.js';
import type { CompletedResult, DeliveryResult, JobEnd } from '../../outbox/delivery-result.js';
import type { Job } from '../../outbox/job.js';
import type { Checkpoint } from '../../outbox/job-handler.js';
import type { OutboxEngine } from '../../outbox/outbox-engine.js';

export const completed = (outcome = 'attributed'): CompletedResult => ({
  type: 'completed',
  outcome,
});
/** A failure that doesn't count towards the circuit breaker. */
export const failed = (afterMs?: number): DeliveryResult => ({
  type: 'retry',
  reason: '503',
  jobOnly: true,
  afterMs,
});

interface Call {
  readonly engine: OutboxEngine;
  readonly program: string;
  readonly job: Job;
  readonly signal: AbortSignal;
  readonly checkpoint: Checkpoint;
}

/** One call of `deliver`. */
export interface Attempt extends Call {
  readonly label: string;
  /** The number of this attempt among those of its job, from 1. */
  readonly nth: number;
  readonly startedAt: number;
  result?: DeliveryResult;
  /** The engine had aborted it, or was closed, when the result came. */
  isLate?: boolean;
}

export interface End {
  readonly job: Job;
  readonly label: string;
  readonly end: JobEnd;
}

export type DeliverySettings = Omit<Delivery, 'deliver' | 'checkKey' | 'onEnd'>;

const contentOf = ({ payload }: Job) => JSON.parse(payload) as { label: string; program: string };

/** A Partnero that responds as the test says, and records what every engine does to it. */
export class ScriptedPartnero {
  readonly attempts: Attempt[] = [];
  readonly ends: End[] = [];
  /** When `checkKey` was called. */
  readonly keyChecks: number[] = [];
  key: KeyCheck = 'accepted';
  /** Gives the result of an attempt. */
  script: (attempt: Attempt) => DeliveryResult | Promise<DeliveryResult> = () => completed();
  /** Called in each function of the delivery. */
  onCall: (name: 'deliver' | 'checkKey' | 'onEnd') => void = () => {};
  private readonly closed = new Set<OutboxEngine>();
  private readonly problems: string[] = [];

  /** The labels of the jobs in the order of their attempts. */
  get delivered(): string[] {
    return this.attempts.map(({ label }) => label);
  }

  get inFlight(): Attempt[] {
    return this.attempts.filter((attempt) => !attempt.result && !this.isAbandoned(attempt));
  }

  attemptsOf(label: string): Attempt[] {
    return this.attempts.filter((attempt) => attempt.label === label);
  }

  endsOf(label: string): JobEnd[] {
    return this.ends.filter((end) => end.label === label).map(({ end }) => end);
  }

  /** Leaves attempts of a job unanswered until the returned function gives their result. */
  hold(label: string): (result: DeliveryResult) => void {
    const { script } = this;
    const { promise, resolve } = Promise.withResolvers<DeliveryResult>();
    this.script = (attempt) => (attempt.label === label ? promise : script(attempt));
    return resolve;
  }

  delivery(engine: OutboxEngine, program: string, settings: DeliverySettings): Delivery {
    return {
      ...settings,
      deliver: (job, signal, checkpoint) =>
        this.deliver({ engine, program, job, signal, checkpoint }),
      checkKey: () => {
        this.onCall('checkKey');
        this.keyChecks.push(performance.now());
        return Promise.resolve(this.key);
      },
      onEnd: (job, end) => this.end(job, end),
    };
  }

  /** An engine closes: other engines may deliver what it is delivering. */
  abandon(engine: OutboxEngine): void {
    this.closed.add(engine);
  }

  /** Whether every engine kept to what it must always keep to. Call it after their `drain`. */
  verify(): void {
    for (const { label, job, result, isLate } of this.attempts) {
      if (result?.type === 'completed' && !isLate && !this.endOf(job)) {
        this.problems.push(`${label}: onEnd was never called`);
      }
    }
    assert.deepEqual(this.problems, []);
  }

  private async deliver(call: Call): Promise<DeliveryResult> {
    this.onCall('deliver');
    const { job } = call;
    const { label, program } = contentOf(job);
    if (call.program !== program) this.problems.push(`${label}: delivered by another program`);
    if (this.endOf(job)?.type === 'completed') {
      this.problems.push(`${label}: delivered after its end`);
    }
    for (const other of this.inFlight) {
      if (other.program === program && other.job.orderingKey === job.orderingKey) {
        this.problems.push(`${label}: delivered while ${other.label} was being delivered`);
      }
    }
    const nth = this.attemptsAt(job) + 1;
    const attempt: Attempt = { ...call, label, nth, startedAt: performance.now() };
    this.attempts.push(attempt);
    // An engine that sends in a loop must not keep the test from seeing it.
    await new Promise(setImmediate);
    const result = await this.runScript(attempt);
    attempt.isLate = this.isAbandoned(attempt);
    attempt.result = result;
    return result;
  }

  /** `deliver` never rejects: an assertion that fails in a script fails the test at its end. */
  private async runScript(attempt: Attempt): Promise<DeliveryResult> {
    try {
      return await this.script(attempt);
    } catch (error) {
      this.problems.push(String(error));
      return completed();
    }
  }

  private end(job: Job, end: JobEnd): void {
    this.onCall('onEnd');
    const { label } = contentOf(job);
    const earlier = this.endOf(job);
    const ends = this.ends.filter((each) => each.job.id === job.id).length;
    // A dead letter may be requeued, and then ends once more.
    const isRequeued = earlier?.type === 'dead' && this.attemptsAt(job) > ends;
    if (earlier && !isRequeued) this.problems.push(`${label}: onEnd was called twice`);
    this.ends.push({ job, label, end });
  }

  private endOf({ id }: Job): JobEnd | undefined {
    return this.ends.findLast(({ job }) => job.id === id)?.end;
  }

  private attemptsAt({ id }: Job): number {
    return this.attempts.filter(({ job }) => job.id === id).length;
  }

  private isAbandoned({ engine, signal }: Call): boolean {
    return signal.aborted || this.closed.has(engine);
  }
}
