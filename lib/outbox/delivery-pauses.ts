import { fullJitter } from './backoff.js';
import type { Delivery, Pause, PauseReason } from './delivery.js';
import * as policy from './delivery-policy.js';
import type { RetryResult } from './delivery-result.js';
import type { OutboxLog } from './outbox-engine.js';

const REPORT_EVERY_MS = 60_000;

/** What an engine does about pauses. */
export interface PauseListener {
  /** A pause began or ended. */
  onChange(): void;
  pendingCount(): Promise<number>;
}

/**
 * Pauses the deliveries of this process: for its caller, after 429, while Partnero rejects the API key,
 * and while Partnero is unreachable. Checks a rejected key, and logs when Partnero comes and goes.
 */
export class DeliveryPauses {
  policy = policy.NO_PAUSE;
  private caller: PauseReason | null = null;
  private timer: NodeJS.Timeout | undefined;
  private limitTimer: NodeJS.Timeout | undefined;
  private checkingKey: Promise<boolean> | null = null;
  private isClosed = false;
  private isReported = false;
  private reportedAt = -Infinity;

  constructor(
    private readonly delivery: Pick<
      Delivery,
      'address' | 'checkKey' | 'initialBackoffMs' | 'maxBackoffMs' | 'onPause'
    >,
    private readonly log: OutboxLog,
    private readonly listener: PauseListener,
  ) {}

  get current(): Pause | null {
    if (this.caller) return { reason: this.caller, until: null };
    return policy.pauseOf(this.policy, Date.now());
  }

  /** Whether only `resume` or a check of the key can end the pause. */
  get isIndefinite(): boolean {
    return this.caller !== null || this.policy.unauthorized !== null;
  }

  pause(reason: PauseReason): void {
    this.caller = reason;
    this.changed();
  }

  resume(): void {
    this.caller = null;
    this.changed();
  }

  /** Partnero responded to a job. */
  responded(requests: number): void {
    if (requests > 0) this.change(policy.responded(this.policy, requests));
  }

  /** Returns how long nothing may be sent. Milliseconds. */
  rateLimited(retryAfterMs: number | undefined): number {
    const now = Date.now();
    this.change(policy.rateLimited(this.policy, now, retryAfterMs));
    const ms = (this.policy.rateLimitedUntil ?? now) - now;
    this.announce();
    clearTimeout(this.limitTimer);
    this.limitTimer = setTimeout(() => this.announce(), ms + 1).unref();
    return ms;
  }

  /**
   * A transient failure that doesn't lie with its job.
   * @param isTrial the attempt was the one that a pause for an unreachable Partnero had let through
   */
  failed(reason: string, isTrial: boolean): void {
    const now = Date.now();
    const { breaker: before } = this.policy;
    this.policy = policy.failed(this.policy, now, isTrial, this.delivery.maxBackoffMs);
    const { breaker } = this.policy;
    if (!breaker || breaker === before) return;
    void this.reportUnreachable(reason, breaker.until - now);
    this.changed();
  }

  /**
   * How long a job waits that has just failed. Milliseconds. While Partnero is unreachable, the pause
   * spaces the attempts: a job that waited longer would stay behind once Partnero is back.
   */
  backoffMs(attempts: number, { jobOnly, afterMs = 0 }: RetryResult): number {
    const { initialBackoffMs, maxBackoffMs } = this.delivery;
    const { breaker } = this.policy;
    const pauseMs = breaker && !jobOnly ? Math.max(0, breaker.until - Date.now()) : Infinity;
    const backoffMs = fullJitter(attempts, initialBackoffMs, Math.min(maxBackoffMs, pauseMs));
    return Math.max(afterMs, backoffMs);
  }

  /** Partnero rejected the key. Resolves with true if it accepts the key all the same. */
  async unauthorized(): Promise<boolean> {
    if (this.policy.unauthorized) return (await this.checkingKey) ?? false;
    this.change(policy.unauthorized(this.policy, Date.now()));
    return this.checkKey();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    clearTimeout(this.limitTimer);
  }

  private change(to: policy.PolicyState): void {
    const before = this.policy;
    this.policy = to;
    if (before.breaker && !to.breaker) this.reportReachable();
    if (before.breaker !== to.breaker || before.unauthorized !== to.unauthorized) {
      this.changed();
    }
  }

  private changed(): void {
    this.announce();
    this.listener.onChange();
  }

  private announce(): void {
    if (!this.isClosed) this.delivery.onPause?.(this.current);
  }

  /** One check at a time. Resolves with true once Partnero has accepted the key. */
  private checkKey(): Promise<boolean> {
    this.checkingKey ??= this.askAboutKey().finally(() => (this.checkingKey = null));
    return this.checkingKey;
  }

  private async askAboutKey(): Promise<boolean> {
    const isAccepted = (await this.delivery.checkKey()) === 'accepted';
    const now = Date.now();
    this.change(
      isAccepted ? policy.keyAccepted(this.policy) : policy.unauthorized(this.policy, now),
    );
    const { unauthorized } = this.policy;
    if (!unauthorized || this.isClosed) return isAccepted;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.checkKey(), unauthorized.nextCheckAt - now).unref();
    return isAccepted;
  }

  /** Once an outage, and not more than once a minute where Partnero comes and goes. */
  private async reportUnreachable(reason: string, waitMs: number): Promise<void> {
    const now = performance.now();
    if (this.isReported || now - this.reportedAt < REPORT_EVERY_MS) return;
    this.reportedAt = now;
    this.isReported = true;
    const pending = await this.listener.pendingCount().catch(() => null);
    const queued = pending === 1 ? '1 is queued' : `${pending ?? 'The jobs'} are queued`;
    const seconds = Math.max(1, Math.round(waitMs / 1_000));
    const what = unreachable(reason, this.delivery.address);
    this.log.warn(`${what} ${queued}; next attempt in ${seconds} s.`);
  }

  private reportReachable(): void {
    if (this.isReported) this.log.log('Partnero is reachable again.');
    this.isReported = false;
  }
}

function unreachable(reason: string, address: string | undefined): string {
  const at = address === undefined ? '' : ` at ${address}`;
  const isElsewhere = /^(?!408)[134]\d\d|unreadable/.test(reason);
  return isElsewhere
    ? `The responses${at} aren't Partnero's (${reason}): check baseUrl, and any proxy between.`
    : `Partnero is unreachable${at} (${reason}).`;
}
