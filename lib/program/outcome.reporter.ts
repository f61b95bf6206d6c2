import { ATTRIBUTION } from '../attribution/attribution.handler.js';
import type { NotAccepted } from '../attribution/attribution.outcome.js';
import type { RunInAppContext } from '../common/app-context.js';
import { describeThrown } from '../common/describe-thrown.js';
import { customerInLog, maskKey } from '../common/mask-key.js';
import { isThenable } from '../common/thenable.js';
import type { CompletedResult, JobEnd } from '../outbox/delivery-result.js';
import type { Job } from '../outbox/job.js';
import type { JobHandlers } from '../outbox/job-handlers.js';
import type { OutboxLog } from '../outbox/outbox-engine.js';
import type { ResolvedOptions } from '../partnero.options.js';
import { adviceOn, type Advice } from './advice.js';
import type { Outcome } from './outcome.js';

/** Beyond so many, outcomes of late jobs lack the flag `late`. */
const MAX_LATE = 10_000;

const REACHED_PARTNERO: ReadonlySet<string> = new Set([
  'attributed',
  'registered',
  'already_registered',
]);

const DEAD: Advice = {
  text: 'it has failed for longer than delivery.maxAgeDays; outbox.requeue() delivers it again',
};

/** Reports the outcome of each sign-up and of each job: to the log, the counters and `onOutcome`. */
export class OutcomeReporter {
  readonly notAccepted: NotAccepted = {
    no_referral: 0,
    no_customer: 0,
    disabled: 0,
    accept_failed: 0,
    accept_timeout: 0,
  };
  private readonly late = new Set<string>();
  private hasAttributed = false;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly handlers: JobHandlers,
    private readonly log: OutboxLog,
    /** Some outcomes are known during a request, whose context `onOutcome` must not see. */
    private readonly inAppContext: RunInAppContext,
  ) {}

  /** A sign-up that wasn't queued. */
  reportNotAccepted(
    outcome: keyof NotAccepted,
    jobName: string,
    facts: Pick<Outcome, 'customerKey' | 'referralKey' | 'route' | 'reason'>,
  ): void {
    this.notAccepted[outcome] += 1;
    this.report({ ...facts, outcome, jobName });
  }

  /** A job that completed or moved to the dead letters, once that is saved. */
  reportEnd(job: Job, end: JobEnd): void {
    const result = end.type === 'completed' ? end : undefined;
    const outcome = result?.outcome ?? 'dead';
    this.logAdvice(job, outcome, end);
    if (result) this.announceFirst(job, result);
    this.report({
      outcome,
      jobName: job.name,
      jobId: job.id,
      customerKey: job.orderingKey,
      referralKey: job.referralKey ?? undefined,
      reason: end.reason,
      late: this.late.delete(job.id) || undefined,
      ...this.handlers.get(job.name)?.facts?.(job, result),
    });
  }

  reportDiscarded(
    jobId: string,
    facts: Pick<Outcome, 'referralKey' | 'route'>,
    jobName: string,
  ): void {
    this.late.delete(jobId);
    this.report({ ...facts, outcome: 'discarded', jobId, jobName });
  }

  /** The job was queued after `acceptTimeoutMs` had passed. */
  markLate(jobId: string): void {
    if (this.late.size < MAX_LATE) this.late.add(jobId);
  }

  /** Calls `onOutcome`, with keys that look personal replaced by a hash. Never throws. */
  report(facts: Omit<Outcome, 'program' | 'at'>): void {
    const { onOutcome, name: program } = this.options;
    if (!onOutcome) return;
    const outcome: Outcome = {
      ...facts,
      customerKey: masked(facts.customerKey),
      referralKey: masked(facts.referralKey),
      transactionKey: masked(facts.transactionKey),
      program,
      at: new Date(),
    };
    this.inAppContext(() => {
      try {
        const result: unknown = onOutcome(outcome);
        // An async function is a `() => void` too.
        if (isThenable(result)) {
          result.then(undefined, (error: unknown) => this.logThrown(error));
        }
      } catch (error) {
        this.logThrown(error);
      }
    });
  }

  private announceFirst({ name }: Job, { outcome }: CompletedResult): void {
    if (this.hasAttributed || name !== ATTRIBUTION || !REACHED_PARTNERO.has(outcome)) return;
    this.hasAttributed = true;
    this.log.log(`The first attribution since the start reached Partnero (${outcome}).`);
  }

  private logAdvice(job: Job, outcome: string, end: JobEnd): void {
    const advice = end.type === 'dead' ? DEAD : adviceOn(job.name, outcome, end.reason);
    if (!advice) return;
    const why = end.reason ? ` (${end.reason})` : '';
    const customer = customerInLog(job.orderingKey, job.referralKey);
    const line = `${job.name} ${job.id} is ${outcome}: ${advice.text}${why}. Customer ${customer}.`;
    if (advice.isError) this.log.error(line);
    else this.log.warn(line);
  }

  private logThrown(error: unknown): void {
    this.log.error(
      `onOutcome ${describeThrown(error)}. The outcome is in the history all the same.`,
    );
  }
}

function masked(key: string | undefined): string | undefined {
  return key === undefined ? undefined : maskKey(key);
}
