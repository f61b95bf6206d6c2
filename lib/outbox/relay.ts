import { AsyncLocalStorage } from 'node:async_hooks';
import { errorMessage } from '../common/error-message.js';
import { ThrottledLogger } from '../common/throttled-logger.js';
import { within } from '../common/within.js';
import type { Delivery, DeliveryControl, Pause, PauseReason } from './delivery.js';
import { DeliveryPauses } from './delivery-pauses.js';
import * as policy from './delivery-policy.js';
import type { CompletedResult, DeliveryResult, JobEnd, RetryResult } from './delivery-result.js';
import type { Job } from './job.js';
import type { OutboxLog } from './outbox-engine.js';
import { RetryUntilStopped } from './retry-until-stopped.js';

/** The store as the relay sees it. Every write is refused once another process has the job. */
export interface JobSource {
  /** Up to `max` jobs that only this process may deliver; and when to ask again if there are fewer. */
  claim(max: number): Promise<{ jobs: Job[]; nextDueInMs: number }>;
  /** Resolves with false if another process has the job. */
  complete(job: Job, result: CompletedResult): Promise<boolean>;
  reschedule(job: Job, to: Rescheduling): Promise<'rescheduled' | 'dead' | 'lost'>;
  saveCheckpoint(job: Job, checkpoint: string): Promise<boolean>;
  /** Makes claimed jobs available again. */
  releaseClaimed(jobs: readonly Job[]): Promise<void>;
  /** Lets other processes deliver what waits here to be claimed. */
  releaseReady(): Promise<void>;
  pendingCount(): Promise<number>;
}

export interface Rescheduling {
  readonly reason: string;
  readonly delayMs: number;
  /** The age of the first failure from which on the job moves to the dead letters. */
  readonly maxAgeMs: number;
  /** Not an attempt: nothing is counted. */
  readonly isDeferred: boolean;
}

const CLAIM_RETRY_MS = 1_000;
/** For deliveries that ignore their signal. */
const ABORT_MS = 1_000;

/** Claims jobs, has them delivered and saves the results. All policy of the SQL engines is here. */
export class Relay implements DeliveryControl {
  // Private fields: jobs hold personal data, which must not be printed with a relay.
  readonly #ready: Job[] = [];
  readonly #inFlight = new Map<string, { readonly job: Job; readonly sent: Promise<void> }>();
  private readonly inStartContext = AsyncLocalStorage.snapshot();
  private readonly aborted = new AbortController();
  private readonly writes: RetryUntilStopped;
  private readonly pauses: DeliveryPauses;
  private readonly failures: ThrottledLogger;
  private state: 'running' | 'draining' | 'stopped' = 'running';
  private pumping: Promise<void> | null = null;
  private pumpAgain = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly source: JobSource,
    private readonly delivery: Delivery,
    log: OutboxLog,
  ) {
    this.failures = new ThrottledLogger((message) => log.error(message));
    this.writes = new RetryUntilStopped((error) =>
      this.report('The result of a delivery could not be saved; trying again', error),
    );
    this.pauses = new DeliveryPauses(delivery, log, {
      pendingCount: () => source.pendingCount(),
      onChange: () => {
        if (this.pauses.current) void this.releaseAll();
        this.wake();
      },
    });
  }

  /** Whether a job that is released now would be sent soon. */
  get isSending(): boolean {
    return this.state === 'running' && this.pauseNow === null;
  }

  get pauseNow(): Pause | null {
    return this.pauses.current;
  }

  /** There may be something to deliver. */
  wake(): void {
    if (this.pumping) {
      this.pumpAgain = true;
      return;
    }
    // A request that wakes the relay must not lend it its context.
    this.inStartContext(() => {
      this.pumping = this.pump().finally(() => {
        this.pumping = null;
        if (this.pumpAgain) this.wake();
      });
    });
  }

  pause(reason: PauseReason): void {
    this.pauses.pause(reason);
  }

  resume(): void {
    this.pauses.resume();
  }

  /** Makes claimed jobs that aren't being sent yet available again. */
  async releaseReady(): Promise<void> {
    const released = this.#ready.splice(0);
    if (released.length > 0) await this.writes.run(() => this.source.releaseClaimed(released));
  }

  /** Takes out the claimed jobs of one order that aren't being sent yet. */
  takeOrder(orderingKey: string): Job[] {
    const taken = this.#ready.filter((job) => job.orderingKey === orderingKey);
    const others = this.#ready.filter((job) => job.orderingKey !== orderingKey);
    this.#ready.splice(0, this.#ready.length, ...others);
    return taken;
  }

  /** During a pause, another process may be able to deliver what waits here. */
  private async releaseAll(): Promise<void> {
    await Promise.all([this.releaseReady(), this.source.releaseReady()]);
  }

  async drain(capMs: number): Promise<void> {
    if (this.state !== 'running') return;
    this.state = 'draining';
    clearTimeout(this.timer);
    this.wake();
    await within(capMs, this.untilQuiet());
    this.state = 'stopped';
    this.pauses.close();
    this.aborted.abort();
    this.writes.stop();
    await within(ABORT_MS, this.endSending());
    // The results of deliveries that ignore their signal are ignored in turn.
    const left = [...this.#inFlight.values()].map(({ job }) => job);
    if (left.length === 0) return;
    await within(
      ABORT_MS,
      this.writes.run(() => this.source.releaseClaimed(left)),
    );
  }

  private async endSending(): Promise<void> {
    // A claim may be under way.
    await this.pumping;
    await Promise.all([this.releaseReady(), ...this.sending()]);
  }

  private async pump(): Promise<void> {
    this.pumpAgain = false;
    while (this.maySend()) {
      const waitMs = this.launch();
      if (waitMs !== null) return this.sleep(waitMs);
      const wanted = this.wanted();
      if (wanted <= 0) return;
      const found = await this.claim(wanted);
      if (!found) return this.sleep(CLAIM_RETRY_MS);
      for (const job of found.jobs) this.addReady(job);
      if (found.jobs.length === 0) return this.sleep(found.nextDueInMs);
    }
    // A pause may have begun during the claim.
    await this.releaseReady();
  }

  private maySend(): boolean {
    return this.state !== 'stopped' && !this.pauses.isIndefinite;
  }

  /** While some are being sent, the next are fetched; behind a limit, only what it allows. */
  private wanted(): number {
    const { concurrency, requestsPerMinute } = this.delivery;
    if (this.#ready.length > concurrency / 2) return 0;
    const atOnce = policy.allowedAtOnce(this.pauses.policy, Date.now(), requestsPerMinute);
    const load = this.#ready.length + this.#inFlight.size;
    return Math.min(2 * concurrency - load, atOnce - this.#ready.length);
  }

  /** A job in flight may come back if this process lost its lease. Then its delivery goes on. */
  private addReady(job: Job): void {
    const flight = this.#inFlight.get(job.id);
    if (flight) void flight.sent.then(() => this.putBack(job));
    else this.#ready.push(job);
  }

  private async claim(max: number) {
    try {
      return await this.source.claim(max);
    } catch (error) {
      this.report('The outbox could not be read', error);
      return null;
    }
  }

  /** Sends what may be sent. Returns how long the rest has to wait, if a pause or limit is why. */
  private launch(): number | null {
    const { concurrency, requestsPerMinute } = this.delivery;
    while (this.#inFlight.size < concurrency) {
      const now = Date.now();
      const admission = policy.admit(this.pauses.policy, now, requestsPerMinute);
      if (!admission.allowed) {
        this.pauses.policy = admission.state;
        return (admission.retryAt ?? now) - now;
      }
      const job = this.#ready.shift();
      if (!job) return null;
      this.pauses.policy = admission.state;
      this.send(job, admission.isTrial);
    }
    return null;
  }

  private send(job: Job, isTrial: boolean): void {
    const sent = this.deliver(job, isTrial).finally(() => {
      this.#inFlight.delete(job.id);
      this.wake();
    });
    this.#inFlight.set(job.id, { job, sent });
  }

  private async deliver(job: Job, isTrial: boolean): Promise<void> {
    const checkpoint = { save: (progress: string) => this.source.saveCheckpoint(job, progress) };
    const result = await this.delivery.deliver(job, this.aborted.signal, checkpoint);
    if (this.state === 'stopped' && result.type !== 'completed') return this.putBack(job);
    return this.handle(job, result, isTrial);
  }

  private async handle(job: Job, result: DeliveryResult, isTrial: boolean): Promise<void> {
    switch (result.type) {
      case 'completed':
        return this.complete(job, result);
      case 'retry':
        if (!result.jobOnly) this.pauses.failed(result.reason, isTrial);
        return this.retry(job, result);
      case 'defer':
        return this.reschedule(job, {
          reason: result.reason,
          delayMs: result.ms,
          isDeferred: true,
        });
      case 'rateLimited':
        this.pauses.rateLimited(result.retryAfterMs);
        await Promise.all([this.putBack(job), this.releaseAll()]);
        return;
      case 'unauthorized':
        return this.unauthorized(job, result.reason);
    }
  }

  private async complete(job: Job, result: CompletedResult): Promise<void> {
    this.pauses.responded(result.requests ?? 1);
    const isOurs = await this.writes.run(() => this.source.complete(job, result));
    if (isOurs) this.reportEnd(job, result);
  }

  private retry(job: Job, result: RetryResult): Promise<void> {
    const delayMs = this.pauses.backoffMs(job.attempts, result);
    return this.reschedule(job, { reason: result.reason, delayMs, isDeferred: false });
  }

  private async reschedule(job: Job, to: Omit<Rescheduling, 'maxAgeMs'>): Promise<void> {
    const { maxAgeMs } = this.delivery;
    const result = await this.writes.run(() => this.source.reschedule(job, { ...to, maxAgeMs }));
    const { reason, delayMs, isDeferred } = to;
    if (result === 'dead') this.reportEnd(job, { type: 'dead', reason });
    if (result === 'rescheduled' && !isDeferred) {
      this.delivery.onRetry?.(job, { reason, delayMs, attempts: job.attempts + 1 });
    }
  }

  private async putBack(job: Job): Promise<void> {
    await this.writes.run(() => this.source.releaseClaimed([job]));
  }

  private async unauthorized(job: Job, reason: string): Promise<void> {
    // If the key works, the rejection was about this job.
    if (await this.pauses.unauthorized()) {
      return this.retry(job, { type: 'retry', reason, jobOnly: true });
    }
    await this.putBack(job);
  }

  private reportEnd(job: Job, end: JobEnd): void {
    try {
      this.delivery.onEnd(job, end);
    } catch (error) {
      this.report('The end of a job could not be reported', error);
    }
  }

  private report(what: string, error: unknown): void {
    this.failures.warn(what, () => `${what}: ${errorMessage(error)}`);
  }

  private sleep(ms: number): void {
    clearTimeout(this.timer);
    if (this.state !== 'running') return;
    this.timer = setTimeout(() => this.wake(), Math.max(0, ms)).unref();
  }

  /** Resolves when nothing is being sent and nothing more is due. */
  private async untilQuiet(): Promise<void> {
    while (this.pumping || this.#inFlight.size > 0) {
      await Promise.all([this.pumping, ...this.sending()]);
    }
  }

  private sending(): Promise<void>[] {
    return [...this.#inFlight.values()].map(({ sent }) => sent);
  }
}
