import type { NewJob } from '../outbox/job.js';
import { OutboxError } from '../outbox/outbox.error.js';
import type { Outbox, OutboxLog } from '../outbox/outbox.js';
import type { ProgramType, ResolvedReferralOptions } from '../referral/referral.options.js';
import { ReferralReader } from '../referral/referral-reader.js';
import type { AcceptOutcome } from './attribution.outcome.js';
import { ATTRIBUTION } from './attribution.job.js';
import { writePayload } from './attribution.payload.js';
import { toCustomer } from './customer-input.js';
import { NoTransactionsError } from './no-transactions.error.js';
import { Once } from '../once.js';
import type { OutcomeReporter } from '../outcome.reporter.js';
import { within } from '../within.js';

/** What accepting came to; with the job's id if it was kept. */
export interface Kept {
  readonly outcome: AcceptOutcome;
  readonly jobId?: string | undefined;
}

/** Who signed up, through whom, and where. */
export interface SignUp {
  /** `null` if nobody sent this visitor. */
  readonly referralKey: string | null;
  /** Looked at when it is kept: anything with an `id` or `key`. */
  readonly customer: unknown;
  readonly route?: string | undefined;
  /** The job of an earlier call in the same request, which this one takes the place of. */
  readonly replaces?: string | undefined;
}

export interface AttributionSettings {
  readonly program: string;
  readonly programType: ProgramType;
  readonly referral: ResolvedReferralOptions;
  /** Of resolver, mapper and commit together. Milliseconds. */
  readonly acceptTimeoutMs: number;
  readonly holdMs: number;
}

/** From a sign-up to a job in the outbox. Never throws, never rejects. */
export class AttributionService {
  readonly reader: ReferralReader;
  private readonly once: Once;

  constructor(
    readonly settings: AttributionSettings,
    /** `null` while disabled. */
    private readonly outbox: Outbox | null,
    private readonly reporter: OutcomeReporter,
    log: OutboxLog,
  ) {
    this.reader = new ReferralReader(settings.referral);
    this.once = new Once(log);
  }

  get enabled(): boolean {
    return this.outbox !== null;
  }

  /** In an affiliate program, nothing is to be done without a referral. */
  get needsReferral(): boolean {
    return this.settings.programType === 'affiliate';
  }

  /** Keeps and releases at once; for sign-ups outside a decorated route. */
  async attribute(
    signUp: SignUp | Promise<SignUp>,
    budgetMs = this.settings.acceptTimeoutMs,
    route = 'route' in signUp ? signUp.route : undefined,
  ): Promise<AcceptOutcome> {
    return this.inTime(this.keepReleased(signUp), budgetMs, route);
  }

  private async keepReleased(signUp: SignUp | Promise<SignUp>): Promise<Kept> {
    const kept = await this.keep(await signUp);
    if (kept.jobId !== undefined) this.release(kept.jobId);
    return kept;
  }

  /** Keeps it as part of a transaction of the app's own. */
  async attributeIn(transaction: object, signUp: SignUp): Promise<AcceptOutcome> {
    const { outbox } = this;
    if (!outbox) return this.drop('disabled', signUp).outcome;
    const job = this.jobOf(signUp);
    if ('outcome' in job) return job.outcome;
    try {
      if (!outbox.acceptIn) throw new NoTransactionsError(outbox.location);
      await outbox.acceptIn(transaction, job);
      return 'accepted';
    } catch (error) {
      const { name, message } = error as Error;
      this.warnOnce(`transaction ${name}`, () => `An attribution was not written: ${message}`);
      return this.drop('accept_failed', signUp, name, job.lane).outcome;
    }
  }

  /** Keeps a sign-up, held. */
  keep(signUp: SignUp): Promise<Kept> {
    const { outbox } = this;
    const { replaces } = signUp;
    if (!outbox) return Promise.resolve(this.drop('disabled', signUp));
    const job = this.jobOf(signUp);
    if ('outcome' in job) return Promise.resolve(job);
    return outbox.accept(job, replaces).then(
      (jobId): Kept => {
        if (replaces !== undefined) this.reportDiscarded(replaces, signUp);
        return { outcome: 'accepted', jobId };
      },
      (error: Error) => {
        const { fateUnknown, reason } = error instanceof OutboxError ? error : unknownError(error);
        const outcome = fateUnknown ? 'accept_timeout' : 'accept_failed';
        return this.drop(outcome, signUp, reason, job.lane);
      },
    );
  }

  /** Waits for a sign-up to be kept, but not for longer than `ms`. */
  async inTime(
    keeping: Promise<Kept>,
    ms: number,
    route: string | undefined,
  ): Promise<AcceptOutcome> {
    const kept = await within(ms, keeping);
    if (kept) return kept.outcome;
    this.warnOnce(
      `late ${route}`,
      () =>
        `${route ?? 'An attribution'} could not be kept within acceptTimeoutMs; the sign-up went on, ` +
        'and the attribution is being kept behind it. The disk under the outbox may be slow, or ' +
        'referral.resolve or the mapper.',
    );
    keeping.then(
      ({ jobId }) => jobId !== undefined && this.reporter.markLate(jobId),
      () => {},
    );
    return 'accept_timeout';
  }

  release(jobId: string): void {
    this.outbox?.release(jobId);
  }

  discard(jobId: string, signUp: Omit<SignUp, 'customer'>): void {
    void this.outbox?.discard(jobId).then((done) => done && this.reportDiscarded(jobId, signUp));
  }

  /** A sign-up that is not kept: counted, and told. */
  drop(
    outcome: Exclude<AcceptOutcome, 'accepted'>,
    { referralKey, route }: Omit<SignUp, 'customer'>,
    reason?: string,
    customerKey?: string,
  ): Kept {
    this.reporter.reportNotAccepted(outcome, ATTRIBUTION, {
      referralKey: referralKey ?? undefined,
      route,
      reason,
      customerKey,
    });
    return { outcome };
  }

  warnOnce(key: string, message: () => string): void {
    this.once.warn(key, message);
  }

  private reportDiscarded(jobId: string, { referralKey, route }: Omit<SignUp, 'customer'>): void {
    const facts = { referralKey: referralKey ?? undefined, route };
    this.reporter.reportDiscarded(jobId, facts, ATTRIBUTION);
  }

  /** The job to be kept, or why there is none. */
  private jobOf(signUp: SignUp): NewJob | Kept {
    if (signUp.referralKey === null && this.needsReferral) return this.drop('no_referral', signUp);
    return this.toJob(signUp) ?? this.drop('no_customer', signUp);
  }

  private toJob({ customer: given, referralKey, route }: SignUp): NewJob | null {
    try {
      const customer = toCustomer(given);
      if (!customer) return null;
      return {
        kind: ATTRIBUTION,
        lane: customer.key,
        referralKey,
        payload: writePayload({ fields: customer.fields, route }),
        acceptedAt: Date.now(),
      };
    } catch {
      // A getter that throws, a field that refers to itself: no customer that could be sent.
      return null;
    }
  }
}

function unknownError({ name }: Error): Pick<OutboxError, 'fateUnknown' | 'reason'> {
  return { fateUnknown: false, reason: name };
}
