import type { Delivery, Pause, PauseReason } from '#lib/outbox/delivery.js';

const BREAKER_THRESHOLD = 5;
const MIN_MS = 1_000;
const BREAKER_MAX_MS = 60_000;
const MAX_MS = 900_000;
const doubled = (step: number, maxMs: number): number => Math.min(maxMs, MIN_MS * 2 ** step);

/** When one engine may send, and how many jobs at once. */
export class MemoryPauses {
  private manual: PauseReason | null = null;
  private rateLimit = { until: 0, step: 0 };
  protected unauthorized: { until: number; step: number } | null = null;
  protected breaker = { failures: 0, until: 0, step: 0 };
  private checking = false;
  private tokens = Infinity;
  private filledAt = 0;

  constructor(
    protected readonly delivery: Delivery,
    private readonly onChange: () => void,
  ) {}

  set(reason: PauseReason | null): void {
    this.manual = reason;
    this.onChange();
  }

  get current(): Pause | null {
    if (this.manual) return { reason: this.manual, until: null };
    if (this.unauthorized) {
      return { reason: 'unauthorized', until: new Date(this.unauthorized.until) };
    }
    if (this.rateLimit.until > Date.now()) {
      return { reason: 'rate_limited', until: new Date(this.rateLimit.until) };
    }
    if (this.breaker.failures < BREAKER_THRESHOLD) return null;
    return { reason: 'unreachable', until: new Date(this.breaker.until) };
  }

  /** How many more may be sent now, and if none, when to ask again. */
  allows(sending: number): { count: number; askAgainAt: number | null } {
    const pause = this.current;
    if (
      pause &&
      (pause.reason !== 'unreachable' || this.breaker.until > Date.now() || sending > 0)
    ) {
      return { count: 0, askAgainAt: pause.until?.getTime() ?? null };
    }
    const tokens = this.refill();
    const most = pause ? 1 : this.delivery.concurrency;
    const count = Math.min(most - sending, Math.floor(tokens));
    return { count, askAgainAt: tokens < 1 ? Date.now() + 20 : null };
  }

  spend(): void {
    this.tokens -= 1;
  }

  responded(): void {
    this.breaker = { failures: 0, until: 0, step: 0 };
    this.rateLimit.step = 0;
  }

  failed(): void {
    this.breaker.failures += 1;
    if (this.breaker.failures < BREAKER_THRESHOLD || this.breaker.until > Date.now()) return;
    this.breaker.until = Date.now() + doubled(this.breaker.step, BREAKER_MAX_MS);
    this.breaker.step += 1;
  }

  rateLimited(retryAfterMs: number | undefined): void {
    const asked = retryAfterMs ?? doubled(this.rateLimit.step, MAX_MS);
    const until = Date.now() + Math.min(MAX_MS, Math.max(MIN_MS, asked));
    if (until > this.rateLimit.until) this.rateLimit = { until, step: this.rateLimit.step + 1 };
  }

  /** Resolves when the key was checked once. */
  async checkKey(): Promise<void> {
    // One check for all that were being sent together.
    if (this.checking || (this.unauthorized && !this.keyIsDue)) return;
    this.checking = true;
    const step = this.unauthorized?.step ?? 0;
    this.unauthorized ??= { until: Date.now(), step };
    const found = await this.delivery.checkKey();
    this.checking = false;
    if (found === 'accepted') this.unauthorized = null;
    else this.unauthorized = { until: Date.now() + doubled(step, MAX_MS), step: step + 1 };
  }

  get keyIsDue(): boolean {
    return this.unauthorized !== null && this.unauthorized.until <= Date.now();
  }

  protected refill(): number {
    const perMs = (this.delivery.requestsPerMinute ?? Infinity) / 60_000;
    if (perMs === Infinity) return Infinity;
    const now = Date.now();
    const burst = Math.max(1, perMs * 1_000);
    this.tokens = Math.min(burst, this.tokens + (now - this.filledAt) * perMs);
    this.filledAt = now;
    return this.tokens;
  }
}
