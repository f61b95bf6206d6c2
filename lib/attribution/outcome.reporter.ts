import type { OutboxLog } from '../outbox/outbox.js';
import type { Job } from '../outbox/job.js';
import type { SettledVerdict } from '../outbox/verdict.js';
import { readPayload } from './attribution.payload.js';
import type { NotAccepted, Outcome } from './attribution.outcome.js';
import { maskKey } from './mask-key.js';
import { isThenable } from './thenable.js';

/** More late jobs than this are reported without their flag. */
const MAX_LATE = 10_000;

const ADVICE: Readonly<Record<string, string>> = {
  unknown_partner: 'Partnero does not know the partner: a mistyped or deleted referral key',
  rejected: 'Partnero refused the customer',
  invalid: 'the customer was not sent: its fields are not what Partnero takes',
  dead: 'given up after delivery.maxAgeDays; it waits for outbox.replay()',
};

/** Tells what became of each sign-up: to the log, to the counters, and to `onOutcome`. */
export class OutcomeReporter {
  readonly notAccepted: NotAccepted = {
    no_referral: 0,
    no_customer: 0,
    disabled: 0,
    accept_failed: 0,
    accept_timeout: 0,
  };
  private readonly late = new Set<string>();

  constructor(
    private readonly program: string,
    private readonly log: OutboxLog,
    private readonly onOutcome: ((outcome: Outcome) => void) | undefined,
  ) {}

  /** A sign-up that isn't kept. */
  reportNotAccepted(
    outcome: keyof NotAccepted,
    kind: string,
    facts: Pick<Outcome, 'customerKey' | 'referralKey' | 'route' | 'reason'>,
  ): void {
    this.notAccepted[outcome] += 1;
    if (!this.onOutcome) return;
    const customerKey = masked(facts.customerKey);
    this.tell({ ...facts, customerKey, referralKey: masked(facts.referralKey), outcome, kind });
  }

  /** A job that reached its outcome; the store has it already. */
  reportSettled(job: Job, verdict: SettledVerdict): void {
    const { outcome, reason, detail } = verdict;
    const advice = ADVICE[outcome] ?? (reason === 'invalid_email_dropped' ? DROPPED : undefined);
    if (advice) this.log.warn(this.describe(job, outcome, advice, reason));
    this.tell({
      outcome,
      kind: job.kind,
      jobId: job.id,
      customerKey: maskKey(job.lane),
      referralKey: masked(job.referralKey),
      route: readPayload(job.payload)?.route,
      reason,
      samePartner: detail?.['samePartner'] as Outcome['samePartner'],
      late: this.late.delete(job.id) || undefined,
    });
  }

  reportDiscarded(
    jobId: string,
    facts: Pick<Outcome, 'referralKey' | 'route'>,
    kind: string,
  ): void {
    this.late.delete(jobId);
    const referralKey = masked(facts.referralKey);
    this.tell({ ...facts, referralKey, outcome: 'discarded', jobId, kind });
  }

  /** Accepted after its time had passed. */
  markLate(jobId: string): void {
    if (this.late.size < MAX_LATE) this.late.add(jobId);
  }

  private describe(job: Job, outcome: string, advice: string, reason: string | undefined): string {
    const why = reason ? ` (${reason})` : '';
    const by = job.referralKey === null ? '' : `, partner ${masked(job.referralKey)}`;
    return `${job.kind} ${job.id} is ${outcome}: ${advice}${why}. Customer ${maskKey(job.lane)}${by}.`;
  }

  /** Hands an outcome to `onOutcome`, and survives what that does. */
  tell(outcome: Omit<Outcome, 'program' | 'at'>): void {
    try {
      const result: unknown = this.onOutcome?.({
        ...outcome,
        program: this.program,
        at: new Date(),
      });
      // An async function is taken for `() => void` too.
      if (isThenable(result)) result.then(undefined, (error: unknown) => this.complain(error));
    } catch (error) {
      this.complain(error);
    }
  }

  private complain(error: unknown): void {
    const name = error instanceof Error ? error.name : 'something';
    this.log.error(`onOutcome threw ${name}; the ledger has the outcome all the same.`);
  }
}

function masked(key: string | null | undefined): string | undefined {
  return key === null || key === undefined ? undefined : maskKey(key);
}

const DROPPED = 'its e-mail address was not valid and was left out';
