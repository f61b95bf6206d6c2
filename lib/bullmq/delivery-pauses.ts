import type { Worker } from 'bullmq';
import { exponential } from '../outbox/backoff.js';
import type { Delivery, Pause } from '../outbox/delivery.js';

const BREAKER = { failures: 5, minMs: 1_000, maxMs: 60_000 };
const KEY_CHECK = { minMs: 1_000, maxMs: 900_000 };

type Cause = 'caller' | 'key' | 'breaker';

/**
 * Pauses the worker of this process: for its caller, while Partnero rejects the API key, and after
 * failures in a row. Another process may have another key, and another way to Partnero.
 */
export class DeliveryPauses {
  private readonly pauses = new Map<Cause, Pause>();
  private readonly timers = new Map<Cause, NodeJS.Timeout>();
  private failures = 0;
  private breakerStep = 0;

  constructor(
    private readonly worker: Pick<Worker, 'pause' | 'resume' | 'concurrency'>,
    private readonly delivery: Pick<Delivery, 'checkKey' | 'concurrency'>,
  ) {}

  get current(): Pause | null {
    return this.pauses.values().next().value ?? null;
  }

  pause(cause: Cause, pause: Pause): void {
    this.pauses.set(cause, pause);
    void this.worker.pause(true);
  }

  resume(cause: Cause): void {
    if (this.pauses.delete(cause) && this.pauses.size === 0) void this.worker.resume();
  }

  /** Partnero responded to a job. */
  succeeded(): void {
    [this.failures, this.breakerStep] = [0, 0];
    this.worker.concurrency = this.delivery.concurrency;
  }

  /** A transient failure that doesn't lie with its job. */
  failed(): void {
    this.failures += 1;
    if (this.failures < BREAKER.failures || this.pauses.has('breaker')) return;
    // From now on, one attempt at a time.
    this.worker.concurrency = 1;
    const ms = exponential(this.breakerStep++, BREAKER.minMs, BREAKER.maxMs);
    this.pauseFor(ms, 'breaker', 'unreachable', () => this.resume('breaker'));
  }

  /** Checks the key until it is accepted. Resolves with true if it is accepted at once. */
  async unauthorized(): Promise<boolean> {
    if (this.pauses.has('key')) return false;
    this.pause('key', { reason: 'unauthorized', until: null });
    return this.checkKey(0);
  }

  close(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
  }

  private async checkKey(step: number): Promise<boolean> {
    if ((await this.delivery.checkKey()) === 'accepted') {
      this.resume('key');
      return true;
    }
    const ms = exponential(step, KEY_CHECK.minMs, KEY_CHECK.maxMs);
    this.pauseFor(ms, 'key', 'unauthorized', () => void this.checkKey(step + 1));
    return false;
  }

  private pauseFor(ms: number, cause: Cause, reason: Pause['reason'], then: () => void): void {
    this.pause(cause, { reason, until: new Date(Date.now() + ms) });
    this.timers.set(cause, setTimeout(then, ms).unref());
  }
}
