import type { RunInAppContext } from './app-context.js';
import { exponential } from './outbox/backoff.js';
import type { Delivery, DeliveryControl, KeyCheck, Pause, PauseReason } from './outbox/delivery.js';
import type { ResolvedDeliveryOptions } from './outbox/delivery.options.js';
import type { DeliveryResult } from './outbox/delivery-result.js';
import type { Checkpoint } from './outbox/job-handler.js';
import type { JobHandlers } from './outbox/job-handlers.js';
import type { Job } from './outbox/job.js';
import type { OutboxEngine, OutboxLog } from './outbox/outbox-engine.js';
import type { KeyAnswer, ProgramIdentity } from './program.identity.js';
import { sleep } from './sleep.js';
import { ThrottledLogger } from './throttled-logger.js';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15 * 60_000;
const STORE_WAIT_MS = 250;
const LONGEST_STORE_WAIT_MS = 30_000;
/** Then deliveries start all the same: they have a backoff of their own. */
const SILENCES_IN_A_ROW = 3;

export interface ProgramDeliverySettings {
  readonly options: ResolvedDeliveryOptions;
  readonly verifyOnBoot: 'warn' | 'fail' | false;
  /** The outbox delivers within `enqueue()`, and can't wait for the key to be checked. */
  readonly isInline: boolean;
}

/**
 * Starts the delivery of a program's jobs once the API key has been checked. Nothing is sent before
 * `GET /test` was answered, or was silent three times in a row.
 */
export class ProgramDelivery {
  private control: DeliveryControl | null = null;
  private held: Pause | null = { reason: 'unverified_key', until: null };
  private lastAnswer: KeyAnswer | null = null;
  private checking: Promise<void> | null = null;
  private isReady = false;
  private warnedUnverified = false;
  private readonly stopped = new AbortController();
  private readonly storeErrors: ThrottledLogger;

  constructor(
    private readonly settings: ProgramDeliverySettings,
    private readonly engine: OutboxEngine,
    private readonly handlers: JobHandlers,
    private readonly identity: ProgramIdentity,
    private readonly onEnd: Delivery['onEnd'],
    private readonly inAppContext: RunInAppContext,
    private readonly log: OutboxLog,
  ) {
    this.storeErrors = new ThrottledLogger((message) => log.error(message));
    if (settings.isInline) this.held = null;
  }

  /** Why this process sends nothing just now, if the engine can't know. */
  get pause(): Pause | null {
    return this.held;
  }

  /** Once the engine is open: an inline outbox must be able to deliver the very first request. */
  opened(): void {
    if (this.settings.isInline) this.startEngine();
  }

  /** Asks Partnero about the key once, before the app has started. */
  async verify(): Promise<KeyAnswer> {
    const isLoaded = await this.identity.load().then(
      () => true,
      () => false,
    );
    const answer = await this.identity.ask();
    // Without the id from the outbox, the answer doesn't tell whether the key belongs to its program.
    this.lastAnswer = isLoaded ? answer : null;
    this.warnIfUnverified(answer);
    return answer;
  }

  /** Starts the delivery, now or as soon as the key has been checked. Returns at once. */
  start(): void {
    const { verifyOnBoot, isInline } = this.settings;
    if (isInline) {
      if (verifyOnBoot === 'warn') void this.verify();
    } else if (verifyOnBoot === false) {
      // The key is checked when there is something to send.
      this.held = null;
      this.startEngine();
    } else {
      void this.check();
    }
  }

  /** @see DeliveryControl.drain */
  async drain(capMs: number): Promise<void> {
    this.stopped.abort();
    await this.control?.drain(capMs);
  }

  private startEngine(): void {
    const { concurrency } = this.settings.options;
    if (this.control || concurrency === 0 || this.stopped.signal.aborted) return;
    this.control = this.engine.start({ ...this.settings.options, ...this.callbacks() });
  }

  private callbacks(): Pick<Delivery, 'deliver' | 'checkKey' | 'onEnd'> {
    const run = this.inAppContext;
    return {
      deliver: (job, signal, checkpoint) => run(() => this.deliver(job, signal, checkpoint)),
      checkKey: () => run(() => this.checkKey()),
      onEnd: (job, end) => run(() => this.onEnd(job, end)),
    };
  }

  private deliver(job: Job, signal: AbortSignal, checkpoint: Checkpoint): Promise<DeliveryResult> {
    if (this.isReady || this.settings.isInline) {
      return this.handlers.deliver(job, signal, checkpoint);
    }
    void this.check();
    return Promise.resolve({ type: 'defer', reason: 'unverified_key', ms: 0 });
  }

  private async checkKey(): Promise<KeyCheck> {
    const { type } = await this.identity.ask();
    if (type === 'wrong_program') this.hold(type);
    return type === 'accepted' || type === 'rejected' ? type : 'unknown';
  }

  private check(): Promise<void> {
    this.checking ??= this.checkUntilAnswered().catch((error: unknown) => {
      this.log.error(`Delivery could not be started: ${messageOf(error)}`);
    });
    return this.checking;
  }

  private async checkUntilAnswered(): Promise<void> {
    const { signal } = this.stopped;
    this.hold('unverified_key');
    await this.loadIdentity();
    let silences = 0;
    for (let step = 0; !signal.aborted; step += 1) {
      const answer = this.lastAnswer ?? (await this.identity.ask());
      this.lastAnswer = null;
      if (answer.type === 'wrong_program') return this.hold(answer.type);
      if (answer.type === 'accepted') return this.goOn();
      if (answer.type === 'unclear') {
        this.warnIfUnverified(answer);
        return this.goOn();
      }
      const isRejected = answer.type === 'rejected';
      silences = isRejected ? 0 : silences + 1;
      if (silences >= SILENCES_IN_A_ROW) {
        this.warnIfUnverified(answer);
        this.goOn();
      }
      const waitMs = exponential(step, FIRST_WAIT_MS, LONGEST_WAIT_MS);
      // Once the delivery runs, the engine pauses itself when the key is rejected.
      if (isRejected && !this.isReady) this.hold('unauthorized', new Date(Date.now() + waitMs));
      await sleep(waitMs, signal);
    }
  }

  private async loadIdentity(): Promise<void> {
    const { signal } = this.stopped;
    for (let step = 0; !signal.aborted; step += 1) {
      try {
        return await this.identity.load();
      } catch (error) {
        this.storeErrors.warn(
          'load',
          () => `Delivery waits, because the outbox can't be read: ${messageOf(error)}`,
        );
        await sleep(exponential(step, STORE_WAIT_MS, LONGEST_STORE_WAIT_MS), signal);
      }
    }
  }

  private goOn(): void {
    if (this.isReady || this.stopped.signal.aborted) return;
    this.isReady = true;
    this.held = null;
    if (this.control) this.control.resume();
    else this.startEngine();
  }

  private hold(reason: PauseReason, until: Date | null = null): void {
    this.held = { reason, until };
    this.control?.pause(reason);
  }

  private warnIfUnverified(answer: KeyAnswer): void {
    const { verifyOnBoot } = this.settings;
    if (answer.type !== 'unclear' && answer.type !== 'no_answer') return;
    if (this.warnedUnverified || verifyOnBoot === false) return;
    this.warnedUnverified = true;
    this.log.warn(
      `The API key could not be verified: ${answer.error.message} Deliveries start all the same.`,
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error';
}
