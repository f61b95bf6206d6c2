import { isThenable } from '../common/thenable.js';
import { clearCookie } from '../referral/capture/clear-cookie.js';
import type { Referral } from '../referral/referral.js';
import type { AcceptOutcome } from './attribution.outcome.js';
import type { AttributionService, Held } from './attribution.service.js';
import { NOT_NEW, toCustomer, type CustomerInput } from './customer-input.js';
import type { ReadReferral } from './read-referral.js';
import type { ReferralContext } from './referral-context.js';
import { initialState, nextState, type SignUpEvent, type SignUpState } from './sign-up-state.js';

/** Where an attribution is made, and whether there is a response whose status can be trusted. */
export interface RequestFacts extends ReadReferral {
  readonly route: string;
  /** False where there is none (GraphQL): then the handler's end decides alone. */
  readonly hasResponse: boolean;
  /** Reads the request once more. Only where its body may be parsed behind the interceptor. */
  readonly readAgain?: (() => Referral | null) | undefined;
  /** Customers that other calls of the same request have queued, where one request makes several. */
  readonly queuedInRequest?: Map<string, RequestAttribution> | undefined;
}

/** A handler's result made into a customer, or into `NOT_NEW`; at once or later. Doesn't throw. */
export type MapResult = () => unknown;

/**
 * One call's attribution: the job that is held while the handler runs, and the one decision once
 * handler, commit and response have all ended, in any order.
 */
export class RequestAttribution implements ReferralContext {
  /** The handler has it as `@Referral()`: it knows what it doesn't attribute. */
  inHand = false;
  private referral: Referral | null;
  private state: SignUpState;
  private last: Promise<Held> | null = null;
  private jobId: string | undefined;
  /** The customer of that job. */
  private queuedKey: string | undefined;
  private wasNotNew = false;
  private budgetMs: number;
  private holdTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly service: AttributionService,
    private readonly facts: RequestFacts,
  ) {
    this.referral = facts.referral;
    this.state = initialState(facts.hasResponse);
    this.budgetMs = facts.budgetMs;
  }

  get key(): string | null {
    return this.found?.key ?? null;
  }

  get source(): Referral['source'] | null {
    return this.found?.source ?? null;
  }

  /** Whether a new customer could be attributed at all. */
  get isPossible(): boolean {
    if (!this.service.enabled) return false;
    return this.found !== null || this.facts.late !== undefined || !this.service.needsReferral;
  }

  attribute(customer: CustomerInput): Promise<AcceptOutcome> {
    this.apply('attribute_called');
    return this.queue(() => customer);
  }

  skip(): void {
    const { choice, decision } = this.state;
    this.apply('skip_called');
    // What was attributed before has an outcome of its own.
    if (choice !== 'none' || decision !== 'open') return;
    this.service.drop('no_customer', this.signUp, 'skipped');
  }

  toToken(): string {
    return this.found?.toToken() ?? '';
  }

  /** For a handler that logs it. */
  toJSON(): object {
    return { key: this.key, source: this.source };
  }

  get isRunning(): boolean {
    return this.state.handler === 'running';
  }

  /** If the option says so: takes the cookie back in the response to a sign-up that was queued. */
  clearCookieOnceQueued(request: unknown, reply: unknown): void {
    const { referral } = this.service.options;
    if (!referral.clearCookie) return;
    clearCookie(request, reply, referral, (status) => this.isQueued && status < 400);
  }

  /**
   * The handler completed. Queues what `map` makes of its result, unless the handler has chosen
   * itself, and waits until the job is saved or the time is over.
   */
  complete(map: MapResult): Promise<AcceptOutcome | null> {
    const queueing = this.state.choice === 'none' ? this.queue(map) : this.waitForLast();
    this.apply('handler_completed');
    return queueing;
  }

  /** The handler completed, and what it returned isn't looked at. */
  completeWithout(): Promise<AcceptOutcome | null> {
    if (this.state.choice === 'none' && !this.isPossible) {
      this.service.drop(this.service.enabled ? 'no_referral' : 'disabled', this.signUp);
    }
    const queueing = this.waitForLast();
    this.apply('handler_completed');
    return queueing;
  }

  /** There is nothing to wait for: jobs are released as soon as they are saved. */
  holdNothing(): void {
    this.apply('handler_completed');
  }

  fail(): void {
    this.apply('handler_failed');
  }

  responseEnded(how: 'good' | 'bad' | 'closed'): void {
    this.apply(`response_${how}`);
  }

  /** Once per route; not if a mapper, or a handler that has `@Referral()`, said so itself. */
  warnOfNoCustomer(why: string): void {
    const { route } = this.facts;
    if (this.inHand || this.wasNotNew) return;
    this.service.warnOnce(`no customer ${route}`, () => {
      const found = this.key === null ? 'A sign-up' : 'A referral key came';
      return `${found} at ${route}, but nobody was attributed: ${why}.`;
    });
  }

  /** From then on, jobs are no longer held. */
  private get isDecided(): boolean {
    return this.state.decision !== 'open';
  }

  /** A job has been saved, and so far the sign-up has not failed. */
  private get isQueued(): boolean {
    const { choice, handler } = this.state;
    return this.jobId !== undefined && choice !== 'skipped' && handler !== 'failed';
  }

  /** What parses the body of a form with files may run behind the interceptor. */
  private get found(): Referral | null {
    // The `resolve` option goes first.
    if (this.referral?.source === 'resolve') return this.referral;
    return (this.referral = this.facts.readAgain?.() ?? this.referral);
  }

  private get signUp(): { referralKey: string | null; route: string } {
    return { referralKey: this.key, route: this.facts.route };
  }

  private async queue(map: MapResult): Promise<AcceptOutcome> {
    const { budgetMs, route } = this.facts;
    const started = performance.now();
    this.apply('saving');
    const queueing = this.queueAfter(this.last, map);
    this.last = queueing;
    const ms = this.isDecided ? budgetMs : this.budgetMs;
    const outcome = await this.service.inTime(queueing, ms, route);
    this.budgetMs -= performance.now() - started;
    return outcome;
  }

  /** Never rejects. */
  private async queueAfter(before: Promise<Held> | null, map: MapResult): Promise<Held> {
    try {
      if (before) await before;
      if (this.facts.late) this.referral = await this.facts.late;
      const customer = map();
      return await this.queueNow(isThenable(customer) ? await customer : customer);
    } catch {
      // A promise that rejects, a getter that throws.
      return this.service.drop('no_customer', this.signUp, 'unreadable');
    } finally {
      this.apply('saved');
    }
  }

  private async queueNow(customer: unknown): Promise<Held> {
    if (customer === NOT_NEW) return this.withdraw('not_a_new_customer');
    if (this.wasQueuedByAnother(customer)) return { outcome: 'queued' };
    const { isDecided } = this;
    const replaces = isDecided ? undefined : this.jobId;
    const held = await this.service.hold({ ...this.signUp, customer, replaces });
    // What is saved of the same customer is better than nothing.
    const isSameCustomer = held.customerKey === this.queuedKey;
    if (replaces !== undefined && isUnsaved(held) && isSameCustomer) return held;
    this.jobId = held.jobId;
    this.queuedKey = held.customerKey;
    if (held.jobId === undefined) {
      this.letOthersQueue();
      // The last call wins, even if nothing could be made of it.
      if (replaces !== undefined) this.discard(replaces);
    } else if (isDecided) this.service.release(held.jobId);
    return held;
  }

  private withdraw(reason: string): Held {
    this.wasNotNew = true;
    if (this.jobId !== undefined) this.discard(this.jobId);
    this.jobId = undefined;
    return this.service.drop('no_customer', this.signUp, reason);
  }

  /** Where interceptors run more than once a request, each new customer counts once. */
  private wasQueuedByAnother(customer: unknown): boolean {
    const { queuedInRequest: queued } = this.facts;
    const key = queued && toCustomer(customer)?.key;
    if (!queued || key === undefined) return false;
    if ((queued.get(key) ?? this) !== this) return true;
    this.letOthersQueue();
    queued.set(key, this);
    return false;
  }

  private letOthersQueue(): void {
    const { queuedInRequest: queued } = this.facts;
    for (const [key, by] of queued ?? []) if (by === this) queued?.delete(key);
  }

  private async waitForLast(): Promise<AcceptOutcome | null> {
    if (this.state.saving === 0 || !this.last) return null;
    return this.service.inTime(this.last, this.budgetMs, this.facts.route);
  }

  private apply(event: SignUpEvent): void {
    const { state, effect } = nextState(this.state, event);
    this.state = state;
    if (state.handler !== 'running') clearTimeout(this.holdTimer);
    if (effect === 'start_hold') this.startHold();
    else if (effect !== null && this.jobId !== undefined) this.decide(effect, this.jobId);
  }

  /** A handler that goes on after a good response has `holdMs` to change its mind. */
  private startHold(): void {
    const { holdMs } = this.service.options;
    this.holdTimer = setTimeout(() => this.apply('hold_expired'), holdMs);
    this.holdTimer.unref();
  }

  private decide(effect: 'release' | 'discard', jobId: string): void {
    if (effect === 'release') this.service.release(jobId);
    else this.discard(jobId);
  }

  private discard(jobId: string): void {
    this.letOthersQueue();
    this.service.discard(jobId, this.signUp);
  }
}

function isUnsaved({ outcome }: Held): boolean {
  return outcome === 'accept_failed' || outcome === 'accept_timeout';
}
