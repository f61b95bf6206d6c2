import { customerInLog } from '../common/mask-key.js';
import { ThrottledLogger, warningOnce } from '../common/throttled-logger.js';
import { within } from '../common/within.js';
import type { NewJob } from '../outbox/job.js';
import type { OutboxEngine, OutboxLog } from '../outbox/outbox-engine.js';
import { OutboxError } from '../outbox/outbox.error.js';
import type { ResolvedOptions } from '../partnero.options.js';
import type { OutcomeReporter } from '../program/outcome.reporter.js';
import type { ProgramOutbox } from '../program/program.outbox.js';
import { ReferralReader } from '../referral/referral-reader.js';
import { ATTRIBUTION } from './attribution.handler.js';
import type { AcceptOutcome } from './attribution.outcome.js';
import { writePayload } from './attribution.payload.js';
import { toCustomer } from './customer-input.js';
import { NoTransactionsError } from './no-transactions.error.js';

/** What saving a sign-up led to, with the job's id if it was queued. */
export interface Held {
  readonly outcome: AcceptOutcome;
  readonly jobId?: string | undefined;
  /** Absent if there is none. */
  readonly customerKey?: string | undefined;
}

/** Who signed up, through whom, and where. */
export interface SignUp {
  /** `null` if nobody referred this visitor. */
  readonly referralKey: string | null;
  /** Anything with an `id` or `key`. Read when the job is saved. */
  readonly customer: unknown;
  readonly route?: string | undefined;
  /** The job of an earlier call in the same request, which this one replaces. */
  readonly replaces?: string | undefined;
}

/** From a sign-up to a job in the outbox. Never throws, never rejects. */
export class AttributionService {
  readonly reader: ReferralReader;
  private readonly once: ThrottledLogger;
  private readonly losses: ThrottledLogger;
  /** `null` while disabled. */
  private readonly outbox: OutboxEngine | null;

  constructor(
    readonly options: ResolvedOptions,
    { queue }: ProgramOutbox,
    private readonly reporter: OutcomeReporter,
    log: OutboxLog,
  ) {
    this.reader = new ReferralReader(options.referral);
    this.outbox = queue;
    this.once = warningOnce(log);
    this.losses = new ThrottledLogger((message) => log.error(message));
  }

  get enabled(): boolean {
    return this.outbox !== null;
  }

  /** In an affiliate program, nothing is to be done without a referral. */
  get needsReferral(): boolean {
    return this.options.program === 'affiliate';
  }

  /** Saves a job and releases it at once; for sign-ups outside a decorated route. */
  attribute(signUp: SignUp): Promise<AcceptOutcome> {
    const queueing = this.hold(signUp).then((held) => {
      if (held.jobId !== undefined) this.release(held.jobId);
      return held;
    });
    return this.inTime(queueing, this.options.acceptTimeoutMs, signUp.route);
  }

  /** Saves a job in a transaction of the app's own. */
  async attributeIn(transaction: object, signUp: SignUp): Promise<AcceptOutcome> {
    const { outbox } = this;
    if (!outbox) return this.drop('disabled', signUp).outcome;
    const job = this.jobOf(signUp);
    if ('outcome' in job) return job.outcome;
    try {
      if (!outbox.enqueueIn) throw new NoTransactionsError(outbox.location);
      await outbox.enqueueIn(transaction, job);
      return 'queued';
    } catch (error) {
      const { name, message } = error as Error;
      const reason = error instanceof OutboxError ? error.reason : name;
      this.reportLoss(message, job);
      return this.drop('accept_failed', signUp, reason, job.orderingKey).outcome;
    }
  }

  /** Saves a job that isn't delivered before `release`. */
  hold(signUp: SignUp): Promise<Held> {
    const { outbox } = this;
    const { replaces } = signUp;
    if (!outbox) return Promise.resolve(this.drop('disabled', signUp));
    const job = this.jobOf(signUp);
    if ('outcome' in job) return Promise.resolve(job);
    return outbox.enqueue(job, replaces).then(
      (jobId): Held => {
        if (replaces !== undefined) this.reportDiscarded(replaces, signUp);
        return { outcome: 'queued', jobId, customerKey: job.orderingKey };
      },
      (error: Error) => {
        const { mayBeSaved, reason } = error instanceof OutboxError ? error : unknownError(error);
        const outcome = mayBeSaved ? 'accept_timeout' : 'accept_failed';
        // An outbox that isn't durable says so itself.
        if (!mayBeSaved && this.options.outbox.durable) this.reportLoss(reason, job);
        return this.drop(outcome, signUp, reason, job.orderingKey);
      },
    );
  }

  private reportLoss(why: string, { orderingKey, referralKey }: NewJob): void {
    this.losses.warn(
      'lost',
      () =>
        `An attribution is lost, since the outbox could not save it (${why}). Customer ` +
        `${customerInLog(orderingKey, referralKey)}. onOutcome gets each of them, and ` +
        'stats().notAccepted.accept_failed counts them.',
    );
  }

  /** Waits until a sign-up is saved, but not for longer than `ms`. */
  async inTime(
    saving: Promise<Held>,
    ms: number,
    route: string | undefined,
  ): Promise<AcceptOutcome> {
    const held = await within(ms, saving);
    if (held) return held.outcome;
    this.warnOnce(
      `late ${route}`,
      () =>
        `${route ?? 'An attribution'} could not be saved within acceptTimeoutMs. The sign-up went on, ` +
        'and the attribution is still being saved. The disk under the outbox may be slow, or ' +
        'referral.resolve, or the mapper.',
    );
    saving.then(
      ({ jobId }) => jobId !== undefined && this.reporter.markLate(jobId),
      () => {},
    );
    return 'accept_timeout';
  }

  release(jobId: string): void {
    this.outbox?.release(jobId);
  }

  discard(jobId: string, signUp: Omit<SignUp, 'customer'>): void {
    this.outbox?.discard(jobId).then(
      (done) => done && this.reportDiscarded(jobId, signUp),
      ({ message }: Error) =>
        this.warnOnce('discard', () => `An attribution could not be discarded: ${message}`),
    );
  }

  /** Counts and reports a sign-up that isn't queued. */
  drop(
    outcome: Exclude<AcceptOutcome, 'queued'>,
    { referralKey, route }: Omit<SignUp, 'customer'>,
    reason?: string,
    customerKey?: string,
  ): Held {
    this.reporter.reportNotAccepted(outcome, ATTRIBUTION, {
      referralKey: referralKey ?? undefined,
      route,
      reason,
      customerKey,
    });
    return { outcome, customerKey };
  }

  warnOnce(key: string, message: () => string): void {
    this.once.warn(key, message);
  }

  private reportDiscarded(jobId: string, { referralKey, route }: Omit<SignUp, 'customer'>): void {
    const facts = { referralKey: referralKey ?? undefined, route };
    this.reporter.reportDiscarded(jobId, facts, ATTRIBUTION);
  }

  /** The job to save, or why there is none. */
  private jobOf(signUp: SignUp): NewJob | Held {
    if (signUp.referralKey === null && this.needsReferral) return this.drop('no_referral', signUp);
    return this.toJob(signUp) ?? this.drop('no_customer', signUp);
  }

  private toJob({ customer: given, referralKey, route }: SignUp): NewJob | null {
    try {
      const customer = toCustomer(given);
      if (!customer) return null;
      return {
        name: ATTRIBUTION,
        orderingKey: customer.key,
        referralKey,
        payload: writePayload({ fields: customer.fields, route }),
        queuedAt: Date.now(),
      };
    } catch {
      // A getter that throws, a field that refers to itself: no customer that could be sent.
      return null;
    }
  }
}

function unknownError({ name }: Error): Pick<OutboxError, 'mayBeSaved' | 'reason'> {
  return { mayBeSaved: false, reason: name };
}
