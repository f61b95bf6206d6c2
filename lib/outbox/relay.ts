import { within } from '../within.js';
import { fullJitter } from './backoff.js';
import type { ResolvedDeliveryOptions } from './delivery.options.js';
import type { Job } from './job.js';
import type { KindRegistry } from './kind-registry.js';
import type { Claim, Outbox, OutboxLog, PausedBecause } from './outbox.js';
import { Persistence } from './persistence.js';
import type { RetryVerdict, SettledVerdict, Verdict } from './verdict.js';

/** What asking Partnero about the API key came to. */
export type KeyProbe = 'accepted' | 'refused' | 'unknown';

export interface RelayHooks {
  /** Asks Partnero whether the API key works. Must not reject. */
  probeKey(): Promise<KeyProbe>;
  /** Called once the outcome is durable, at most once per job, by the process that settled it. */
  onSettled(job: Job, verdict: SettledVerdict): void;
}

/** A claimed job, and whether it was let through to test an open breaker. */
interface Claimed {
  readonly job: Job;
  readonly testing: boolean;
}

const MAX_CLAIM = 1_000;
/** For deliveries that don't heed being cut off. */
const CUT_OFF_MS = 1_000;
const CLAIM_RETRY_MS = 1_000;

/**
 * Takes jobs from the outbox, has them delivered, and writes down what became of them. Knows
 * nothing of what a job says.
 */
export class Relay {
  // Jobs hold personal data: whoever prints this must not see it.
  readonly #waiting: Claimed[] = [];
  readonly #underWay = new Map<Job, Promise<void>>();
  private readonly persistence: Persistence;
  private readonly aborted = new AbortController();
  private state: 'idle' | 'running' | 'draining' | 'stopped' = 'idle';
  private held: PausedBecause | null = null;
  private pumping: Promise<void> | null = null;
  private again = false;
  private timer: NodeJS.Timeout | undefined;
  private probing: Promise<KeyProbe> | undefined;
  /** While above zero, something that closes the gate is being written down. */
  private closing = 0;

  constructor(
    private readonly outbox: Outbox,
    private readonly kinds: KindRegistry,
    private readonly options: ResolvedDeliveryOptions,
    private readonly hooks: RelayHooks,
    private readonly log: OutboxLog,
  ) {
    this.persistence = new Persistence(log);
  }

  /** Why this process sends nothing, if for a reason of its own. */
  get heldBecause(): PausedBecause | null {
    return this.held;
  }

  start(): void {
    if (this.state !== 'idle' || this.options.concurrency === 0) return;
    this.state = 'running';
    if (this.held === null) this.resume();
  }

  /** Sends nothing until `resume`, for a reason that concerns this process only. */
  hold(because: PausedBecause): void {
    this.held = because;
    // Meanwhile, other processes on the outbox may deliver what this one accepts.
    this.outbox.onWork(null);
  }

  resume(): void {
    this.held = null;
    if (this.state !== 'running') return;
    this.outbox.onWork(() => this.wake());
    this.wake();
  }

  /**
   * Goes on with what is due, at most for `capMs`; then cuts off what is still under way and gives
   * everything back to the outbox.
   */
  async drain(capMs: number): Promise<void> {
    if (this.state !== 'running') {
      this.state = 'stopped';
      return;
    }
    this.state = 'draining';
    clearTimeout(this.timer);
    this.wake();
    await within(capMs, this.quiet());
    this.state = 'stopped';
    this.aborted.abort();
    this.persistence.stop();
    await within(CUT_OFF_MS, Promise.all([this.recall(), ...this.#underWay.values()]));
  }

  private wake(): void {
    if (this.pumping) {
      this.again = true;
      return;
    }
    this.pumping = this.pump().finally(() => {
      this.pumping = null;
      if (this.again) this.wake();
    });
  }

  private async pump(): Promise<void> {
    this.again = false;
    while (this.mayClaim()) {
      this.launch();
      const want = Math.min(MAX_CLAIM, 2 * this.options.concurrency) - this.load();
      if (this.#waiting.length >= this.options.concurrency || want <= 0) return;
      const claim = await this.claim(want);
      if (!claim) return this.sleep(Date.now() + CLAIM_RETRY_MS);
      if (claim.probeKey) void this.probe();
      this.#waiting.push(...claim.jobs.map((job) => ({ job, testing: claim.testing })));
      this.launch();
      if (claim.jobs.length === 0) return this.sleep(claim.wakeAt);
    }
  }

  private mayClaim(): boolean {
    const active = this.state === 'running' || this.state === 'draining';
    return active && this.held === null && this.closing === 0;
  }

  private load(): number {
    return this.#waiting.length + this.#underWay.size;
  }

  private async claim(want: number): Promise<Claim | null> {
    try {
      return await this.outbox.claim(want);
    } catch (error) {
      this.persistence.complain('The outbox could not be read', error);
      return null;
    }
  }

  private launch(): void {
    while (this.mayClaim() && this.#underWay.size < this.options.concurrency) {
      const next = this.#waiting.shift();
      if (!next) return;
      const { job, testing } = next;
      if (this.outbox.isOurs?.(job) === false) {
        void this.giveBack([job]);
        continue;
      }
      const done = this.run(job, testing).finally(() => {
        this.#underWay.delete(job);
        this.wake();
      });
      this.#underWay.set(job, done);
    }
  }

  private async run(job: Job, testing: boolean): Promise<void> {
    const note = (progress: string) => this.outbox.note(job, progress);
    const verdict = await this.kinds.deliver(job, this.aborted.signal, { note });
    if (this.state === 'stopped' && verdict.type !== 'settled') return this.giveBack([job]);
    return this.act(job, verdict, testing);
  }

  private act(job: Job, verdict: Verdict, testing: boolean): Promise<void> {
    switch (verdict.type) {
      case 'settled':
        return this.settle(job, verdict);
      case 'retry':
        return this.fail(job, verdict, testing);
      case 'wait':
        return this.postpone(job, verdict, testing);
      case 'rate_limited':
        return this.close(async () => {
          const { retryAfterMs } = verdict;
          await this.keep(() => this.outbox.report({ type: 'rate_limited', retryAfterMs }));
          await this.giveBack([job]);
        });
      case 'refused':
        return this.close(() => this.refused(job, verdict.reason, testing));
    }
  }

  private async settle(job: Job, verdict: SettledVerdict): Promise<void> {
    const ours = await this.keep(() => this.outbox.settle(job, verdict));
    if (ours) this.hooks.onSettled(job, verdict);
  }

  private async fail(job: Job, verdict: RetryVerdict, testing: boolean): Promise<void> {
    const { initialBackoffMs, maxBackoffMs, maxAgeMs } = this.options;
    const { reason, jobOnly = false, afterMs = 0 } = verdict;
    const delayMs = Math.max(afterMs, fullJitter(job.attempts, initialBackoffMs, maxBackoffMs));
    const result = await this.keep(() =>
      this.outbox.fail(job, { reason, delayMs, maxAgeMs, testing, jobOnly }),
    );
    if (result === 'dead') this.hooks.onSettled(job, { type: 'settled', outcome: 'dead', reason });
  }

  private async postpone(
    job: Job,
    { reason, ms: delayMs }: { readonly reason: string; readonly ms: number },
    testing: boolean,
  ): Promise<void> {
    const { maxAgeMs } = this.options;
    const wait = { reason, delayMs, maxAgeMs, testing, jobOnly: true, waiting: true };
    await this.keep(() => this.outbox.fail(job, wait));
  }

  private async refused(job: Job, reason: string, testing: boolean): Promise<void> {
    const answer = await this.probe();
    // The key works: the refusal was about this job.
    if (answer === 'accepted') {
      return this.fail(job, { type: 'retry', reason, jobOnly: true }, testing);
    }
    await this.giveBack([job]);
  }

  /** One probe at a time; all that are refused meanwhile wait for its answer. */
  private probe(): Promise<KeyProbe> {
    this.probing ??= this.askAboutKey().finally(() => (this.probing = undefined));
    return this.probing;
  }

  private async askAboutKey(): Promise<KeyProbe> {
    const answer = await this.hooks.probeKey();
    // Unknown keeps the program paused too: what was refused a moment ago isn't sent on a guess.
    const type = answer === 'accepted' ? 'key_accepted' : 'key_refused';
    await this.keep(() => this.outbox.report({ type }));
    if (type === 'key_accepted') this.wake();
    return answer;
  }

  /** Keeps further jobs from leaving while the reason is written down. */
  private async close(work: () => Promise<void>): Promise<void> {
    this.closing += 1;
    try {
      await this.recall();
      await work();
    } finally {
      this.closing -= 1;
    }
  }

  private async recall(): Promise<void> {
    await this.giveBack(this.#waiting.splice(0).map(({ job }) => job));
  }

  private async giveBack(jobs: readonly Job[]): Promise<void> {
    if (jobs.length > 0) await this.keep(() => this.outbox.handBack(jobs));
  }

  private keep<T>(write: () => Promise<T>): Promise<T | undefined> {
    return this.persistence.keepTrying(write);
  }

  private sleep(until: number | null): void {
    clearTimeout(this.timer);
    if (until === null || this.state !== 'running') return;
    this.timer = setTimeout(() => this.wake(), Math.max(0, until - Date.now()));
    this.timer.unref();
  }

  /** Resolves when nothing is under way and nothing more is due. */
  private async quiet(): Promise<void> {
    while (this.pumping || this.#underWay.size > 0) {
      await Promise.all([this.pumping, ...this.#underWay.values()]);
    }
  }
}
