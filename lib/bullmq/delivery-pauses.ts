import type { Worker } from 'bullmq';
import type { Delivery, Pause, PauseReason } from '../outbox/delivery.js';
import * as policy from '../outbox/delivery-policy.js';
import type { OutboxLog } from '../outbox/outbox-engine.js';

/**
 * Pauses the worker of this process: for its caller, while Partnero rejects the API key, and while
 * Partnero is unreachable. Another process may have another key, and another way to Partnero.
 */
export class DeliveryPauses {
  private state = policy.NO_PAUSE;
  private caller: PauseReason | null = null;
  private timer: NodeJS.Timeout | undefined;
  private checkingKey: Promise<boolean> | null = null;

  constructor(
    private readonly worker: Pick<Worker, 'pause' | 'resume' | 'isPaused' | 'concurrency'>,
    private readonly delivery: Pick<Delivery, 'checkKey' | 'concurrency'>,
    private readonly log: OutboxLog,
    private readonly pendingCount: () => Promise<number>,
  ) {}

  get current(): Pause | null {
    if (this.caller) return { reason: this.caller, until: null };
    const now = Date.now();
    const pause = policy.pauseOf(this.state, now);
    // Then one attempt is made.
    const isTrial = pause?.reason === 'unreachable' && Number(pause.until) <= now;
    return isTrial ? null : pause;
  }

  pause(reason: PauseReason): void {
    this.caller = reason;
    this.steer();
  }

  resume(): void {
    this.caller = null;
    this.steer();
  }

  /** Partnero responded to a job. */
  responded(): void {
    const wasUnreachable = this.state.breaker !== null;
    this.state = policy.responded(this.state, 1);
    if (!wasUnreachable) return;
    this.log.log('Partnero is reachable again.');
    this.steer();
  }

  /** A transient failure that doesn't lie with its job. */
  failed(reason: string): void {
    const now = Date.now();
    const { breaker: before } = this.state;
    this.state = policy.failed(this.state, now, before !== null && before.until <= now);
    const { breaker } = this.state;
    if (breaker === before || !breaker) return;
    if (!before) void this.reportUnreachable(reason, breaker.until - now);
    this.steer(breaker.until - now);
  }

  /** Resolves with true if Partnero accepts the key all the same. */
  async unauthorized(): Promise<boolean> {
    if (this.state.unauthorized) return (await this.checkingKey) ?? false;
    this.state = policy.unauthorized(this.state, Date.now());
    this.steer();
    return this.checkKey();
  }

  close(): void {
    clearTimeout(this.timer);
  }

  private checkKey(): Promise<boolean> {
    this.checkingKey ??= this.askAboutKey().finally(() => (this.checkingKey = null));
    return this.checkingKey;
  }

  private async askAboutKey(): Promise<boolean> {
    const isAccepted = (await this.delivery.checkKey()) === 'accepted';
    const now = Date.now();
    this.state = isAccepted ? policy.keyAccepted(this.state) : policy.unauthorized(this.state, now);
    this.steer((this.state.unauthorized?.nextCheckAt ?? now) - now);
    return isAccepted;
  }

  /** @param waitMs when to look again */
  private steer(waitMs?: number): void {
    const { worker, delivery } = this;
    worker.concurrency = this.state.breaker ? 1 : delivery.concurrency;
    if (this.current) void worker.pause(true);
    else if (worker.isPaused()) void worker.resume();
    if (!waitMs) return;
    clearTimeout(this.timer);
    const look = () => (this.state.unauthorized ? void this.checkKey() : this.steer());
    this.timer = setTimeout(look, waitMs + 1).unref();
  }

  private async reportUnreachable(reason: string, waitMs: number): Promise<void> {
    const pending = await this.pendingCount().catch(() => null);
    const queued = pending === null ? 'What is queued stays queued' : `${pending} are queued`;
    const seconds = Math.max(1, Math.round(waitMs / 1_000));
    this.log.warn(`Partnero is unreachable (${reason}). ${queued}; next attempt in ${seconds} s.`);
  }
}
