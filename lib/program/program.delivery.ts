import type { PartneroApiClient } from '../api/partnero-api.client.js';
import { PauseReporter } from '../channels/pause-reporter.js';
import { errorMessage } from '../common/error-message.js';
import { sleep } from '../common/sleep.js';
import { ThrottledLogger } from '../common/throttled-logger.js';
import { exponential } from '../outbox/backoff.js';
import type { DeliveryControl, KeyCheck, Pause, PauseReason } from '../outbox/delivery.js';
import type { DeliveryResult } from '../outbox/delivery-result.js';
import type { Job } from '../outbox/job.js';
import type { Checkpoint } from '../outbox/job-handler.js';
import type { JobHandlers } from '../outbox/job-handlers.js';
import type { OutboxEngine, OutboxLog } from '../outbox/outbox-engine.js';
import { RetryUntilStopped } from '../outbox/retry-until-stopped.js';
import type { ResolvedOptions } from '../partnero.options.js';
import type { OutcomeReporter } from './outcome.reporter.js';
import { ProgramIdentity, type KeyCheckResult } from './program.identity.js';
import type { ProgramOutbox } from './program.outbox.js';

/** Shorter than for other requests: deliveries wait for the answer. */
const CHECK_TIMEOUT_MS = 2_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15 * 60_000;
/** When a job is due again that was claimed before the engine was paused. */
const PAUSED_DEFER_MS = 1_000;
/** Then deliveries start all the same: they have a backoff of their own. */
const SILENCES_IN_A_ROW = 3;

/**
 * Starts the delivery of a program's jobs once the API key has been checked. Nothing is sent before
 * `GET /test` was answered, or was silent three times in a row.
 */
export class ProgramDelivery {
  private control: DeliveryControl | null = null;
  private paused: Pause | null = { reason: 'unverified_key', until: null };
  private lastAnswer: KeyCheckResult | null = null;
  private checking: Promise<void> | null = null;
  private isReady = false;
  /** Resolves once it is known whether to send. */
  private readonly decided = Promise.withResolvers<void>();
  private warnedUnverified = false;
  /** From then on, the key is not asked about again. */
  private readonly draining = new AbortController();
  private readonly stopped = new AbortController();
  /** Of the program's id, which an outbox may be unable to read just now. */
  private readonly loading: RetryUntilStopped;
  private readonly engine: OutboxEngine;
  private readonly identity: ProgramIdentity;
  private readonly pauses: PauseReporter;
  /** The outbox delivers within `enqueue()`, and can't wait for the key to be checked. */
  private readonly isInline: boolean;

  constructor(
    private readonly options: ResolvedOptions,
    { engine }: ProgramOutbox,
    client: PartneroApiClient,
    private readonly handlers: JobHandlers,
    private readonly reporter: OutcomeReporter,
    private readonly log: OutboxLog,
  ) {
    this.engine = engine!;
    this.identity = new ProgramIdentity(options, client, this.engine, log);
    this.pauses = new PauseReporter(options.name);
    const errors = new ThrottledLogger((message) => log.error(message));
    this.loading = new RetryUntilStopped((error) =>
      errors.warn(
        'load',
        () => `Delivery waits, because the outbox can't be read: ${errorMessage(error)}`,
      ),
    );
    this.isInline = !options.outbox.durable;
    if (!this.isInline) return;
    this.paused = null;
    this.isReady = true;
  }

  /** Why this process sends nothing just now, if the engine can't know. */
  get pause(): Pause | null {
    return this.paused;
  }

  /** Once the engine is open: an inline outbox must be able to deliver the very first request. */
  opened(): void {
    if (this.isInline) this.startEngine();
  }

  /** Asks Partnero about the key once, before the app has started. */
  async verify(): Promise<KeyCheckResult> {
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
    const { verifyOnBoot } = this.options;
    if (this.isInline) {
      if (verifyOnBoot === 'warn') void this.verify();
    } else if (verifyOnBoot === false) {
      // The key is checked when there is something to send.
      this.paused = null;
      this.startEngine();
    } else {
      void this.check();
    }
  }

  /** @see DeliveryControl.drain */
  async drain(capMs: number): Promise<void> {
    this.draining.abort();
    this.loading.stop();
    if (!this.control) this.stopped.abort();
    // Jobs that are due may still wait for the answer about the key.
    await this.control?.drain(capMs);
    this.stopped.abort();
  }

  private startEngine(): void {
    const { delivery, baseUrl } = this.options;
    if (this.control || delivery.concurrency === 0 || this.stopped.signal.aborted) return;
    this.control = this.engine.start({
      ...delivery,
      address: baseUrl,
      deliver: (job, signal, checkpoint) => this.deliver(job, signal, checkpoint),
      checkKey: () => this.checkKey(),
      onEnd: (job, end) => this.reporter.reportEnd(job, end),
      onPause: (pause) => this.pauses.report(pause),
    });
  }

  private async deliver(
    job: Job,
    signal: AbortSignal,
    checkpoint: Checkpoint,
  ): Promise<DeliveryResult> {
    if (!this.isReady) {
      void this.check();
      await Promise.race([this.decided.promise, aborted(signal)]);
      if (!this.isReady) return { type: 'defer', reason: 'unverified_key', ms: PAUSED_DEFER_MS };
    }
    return this.handlers.deliver(job, signal, checkpoint);
  }

  private async checkKey(): Promise<KeyCheck> {
    const { type } = await this.identity.ask();
    if (type === 'wrong_program') this.hold(type);
    return type === 'accepted' || type === 'rejected' ? type : 'unknown';
  }

  private check(): Promise<void> {
    this.checking ??= this.checkUntilAnswered()
      .catch((error: unknown) => {
        this.log.error(`Delivery could not be started: ${errorMessage(error)}`);
      })
      .finally(() => this.decided.resolve());
    return this.checking;
  }

  private async checkUntilAnswered(): Promise<void> {
    const { signal } = this.draining;
    this.paused = { reason: 'unverified_key', until: null };
    const isLoaded = await this.loading.run(() => this.identity.load().then(() => true));
    if (!isLoaded) return;
    for (let step = 0, silences = 0; ; step += 1) {
      const answer = await this.ask();
      if (this.stopped.signal.aborted) return;
      switch (answer.type) {
        case 'wrong_program':
          return this.hold(answer.type);
        case 'unclear':
          this.warnIfUnverified(answer);
          return this.goOn();
        case 'accepted':
          return this.goOn();
        case 'no_response':
          silences += 1;
          if (silences >= SILENCES_IN_A_ROW) {
            this.warnIfUnverified(answer);
            this.goOn();
          }
          break;
        case 'rejected':
          // Once the delivery runs, the engine itself checks a key that is rejected.
          if (this.isReady) return;
          silences = 0;
      }
      if (signal.aborted) return;
      const waitMs = exponential(step, FIRST_WAIT_MS, LONGEST_WAIT_MS);
      if (answer.type === 'rejected') {
        this.hold('unauthorized', new Date(Date.now() + waitMs));
      }
      await sleep(waitMs, signal);
    }
  }

  private async ask(): Promise<KeyCheckResult> {
    const { lastAnswer, isReady, options } = this;
    this.lastAnswer = null;
    if (lastAnswer) return lastAnswer;
    const timeoutMs = Math.min(options.timeoutMs, isReady ? Infinity : CHECK_TIMEOUT_MS);
    return this.identity.ask({ timeoutMs, signal: this.stopped.signal });
  }

  private goOn(): void {
    if (this.isReady || this.stopped.signal.aborted) return;
    this.isReady = true;
    this.paused = null;
    this.decided.resolve();
    if (this.control) return this.control.resume();
    this.pauses.report(null);
    this.startEngine();
  }

  private hold(reason: PauseReason, until: Date | null = null): void {
    this.isReady = false;
    this.paused = { reason, until };
    this.pauses.report(this.paused);
    this.control?.pause(reason);
    this.decided.resolve();
  }

  private warnIfUnverified(answer: KeyCheckResult): void {
    const { verifyOnBoot, baseUrl } = this.options;
    if (answer.type !== 'unclear' && answer.type !== 'no_response') return;
    if (this.warnedUnverified || verifyOnBoot === false) return;
    this.warnedUnverified = true;
    const hint =
      answer.type === 'unclear' ? ` baseUrl is ${baseUrl}; Partnero's own ends in /v1.` : '';
    this.log.warn(
      `The API key could not be verified: ${answer.error.message}${hint} Deliveries start all the same.`,
    );
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
