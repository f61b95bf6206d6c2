import type { NotAccepted } from './attribution/attribution.outcome.js';
import { maskKey } from './mask-key.js';
import type { Job } from './outbox/job.js';
import type { KindRegistry } from './outbox/kind-registry.js';
import type { OutboxLog } from './outbox/outbox.js';
import type { SettledVerdict } from './outbox/verdict.js';
import type { Outcome } from './outcome.js';
import { isThenable } from './thenable.js';

/** More late jobs than this are reported without their flag. */
const MAX_LATE = 10_000;

/** What is known of a job that ended as soon as it was handed over. */
type AtOnce = Pick<Outcome, 'outcome' | 'kind' | 'jobId' | 'customerKey' | 'transactionKey'>;

/** Tells what became of each sign-up and of each job: to the log, to the counters, to `onOutcome`. */
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
    private readonly kinds: KindRegistry,
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
    const { outcome, reason } = verdict;
    const kind = this.kinds.get(job.kind);
    this.advise(job, verdict);
    this.tell({
      outcome,
      kind: job.kind,
      jobId: job.id,
      customerKey: maskKey(job.lane),
      referralKey: masked(job.referralKey),
      reason,
      late: this.late.delete(job.id) || undefined,
      ...kind?.facts?.(job, verdict),
    });
  }

  /** A job that ended as soon as it was handed over, because its key was taken. */
  reportAtOnce({ customerKey, transactionKey, ...facts }: AtOnce): void {
    this.tell({
      ...facts,
      customerKey: masked(customerKey),
      transactionKey: masked(transactionKey),
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

  private advise(job: Job, verdict: SettledVerdict): void {
    const { outcome, reason } = verdict;
    const own = this.kinds.get(job.kind)?.advice?.(verdict);
    const advice = own ?? (outcome === 'dead' ? { text: GIVEN_UP } : undefined);
    if (!advice) return;
    const why = reason ? ` (${reason})` : '';
    const by = job.referralKey === null ? '' : `, partner ${masked(job.referralKey)}`;
    const line =
      `${job.kind} ${job.id} is ${outcome}: ${advice.text}${why}. ` +
      `Customer ${maskKey(job.lane)}${by}.`;
    if (advice.isError) this.log.error(line);
    else this.log.warn(line);
  }

  private complain(error: unknown): void {
    const name = error instanceof Error ? error.name : 'something';
    this.log.error(`onOutcome threw ${name}; the ledger has the outcome all the same.`);
  }
}

const GIVEN_UP = 'given up after delivery.maxAgeDays; it waits for outbox.replay()';

function masked(key: string | null | undefined): string | undefined {
  return key === null || key === undefined ? undefined : maskKey(key);
}
