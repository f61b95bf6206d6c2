import { setTimeout as sleep } from 'node:timers/promises';
import type { Queue } from 'bullmq';
import type { OutboxLog } from '../outbox/outbox-engine.js';
import { PartneroConfigurationError } from '../partnero.configuration-error.js';
import type { JobData } from './bullmq-job.js';
import { BullmqOutboxError } from './bullmq-outbox.error.js';
import type { ResolvedBullmqOptions } from './bullmq.options.js';
import type { RedisClient } from './customer-records.js';
import { loadBullmq, ownConnection } from './redis-connection.js';
import { describeError, isAmbiguous, isPermanent, reasonOf } from './redis-error.js';

/** The app starts without Redis if this doesn't respond within this time. */
const BOOT_MS = 3_000;
/** A Redis that leaves a command unanswered for so much longer is connected to anew. */
const HUNG_MS = 2_000;
const ASK_MS = 10_000;
const CLOSE_MS = 500;
const RETRY_MS = 250;
const LOG_EVERY_MS = 60_000;

export type JobQueue = Queue<JobData, string>;

/** Work on Redis that has a deadline. */
export interface BoundedWork {
  /** Throws once the deadline has passed. For steps that must not come late. */
  check(): void;
  /** Set before the step after which the work may be done though its response is lost. */
  sent: boolean;
}

export interface ConnectionEvents {
  /** Called on the first connection. */
  prepare(): Promise<void>;
  /** Called when Redis becomes usable, and when it no longer is. */
  onChange(isUsable: boolean): void;
}

/** The queue, on a connection of its own, and whether Redis responds. */
export class QueueConnection {
  bullmq!: typeof import('bullmq');
  queue!: JobQueue;
  /** Why the last write failed; `null` if it didn't. */
  problem: string | null = null;
  private redis: RedisClient | undefined;
  private dispose = (): void => {};
  /** A command is overdue. */
  private isHung = false;
  private wasUsable = false;
  private saidAway = false;
  private saidAt = -Infinity;
  private isClosed = false;

  constructor(
    readonly options: ResolvedBullmqOptions,
    private readonly name: string,
    private readonly log: OutboxLog,
    private readonly events: ConnectionEvents,
  ) {}

  /** @throws Error if there has never been a connection */
  get client(): RedisClient {
    if (this.redis) return this.redis;
    throw this.unreachable();
  }

  get isUsable(): boolean {
    const { status, isCluster } = this.redis ?? {};
    return !this.isHung && (status === 'ready' || (status === 'connect' && isCluster === true));
  }

  /** Resolves also if Redis can't be reached: it may come later. */
  async open({ isReadOnly = false } = {}): Promise<void> {
    const { prefix, telemetry } = this.options;
    this.bullmq = await loadBullmq();
    const own = ownConnection(this.options.connection, { enableOfflineQueue: false });
    this.dispose = own.dispose;
    this.queue = new this.bullmq.Queue(this.name, {
      ...{ connection: own.connection, prefix, ...(telemetry && { telemetry }) },
      // Its failure would leave the queue unusable for good.
      skipVersionCheck: true,
      skipMetasUpdate: isReadOnly,
    });
    const failed = new Promise<unknown>((resolve) => {
      this.queue.on('error', (error) => {
        resolve(error);
        this.sayTrouble(describeError(error));
      });
    });
    const connected = this.connect().then(
      () => undefined,
      (error: unknown) => error ?? new Error('closed'),
    );
    const late = sleep(BOOT_MS, new Error('no response'), { ref: false });
    const error = await Promise.race([connected, failed, late]);
    if (error === undefined) return;
    if (isPermanent(error)) {
      await this.close();
      throw new PartneroConfigurationError(
        `Redis refuses the outbox (${describeError(error)}): check the connection of bullmqOutbox().`,
      );
    }
    this.problem = describeError(error);
    this.sayTrouble(this.problem);
  }

  /**
   * Runs work for at most `ms`. What was begun may go on after that.
   * @throws BullmqOutboxError
   */
  run<T>(ms: number, work: (bound: BoundedWork) => Promise<T>): Promise<T> {
    if (!this.isUsable) return Promise.reject(this.unreachable());
    let isLate = false;
    const check = () => {
      if (isLate) throw new Error('too late');
    };
    const bound: BoundedWork = { sent: false, check };
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        isLate = true;
        this.problem = `Redis did not respond within ${ms} ms`;
        reject(new BullmqOutboxError('timeout', `${this.problem}.`, bound.sent));
        this.markHung(true);
      }, ms);
      work(bound)
        .then(
          (result) => {
            this.problem = null;
            resolve(result);
          },
          (error: unknown) => reject(this.toError(error, bound.sent)),
        )
        .finally(() => {
          clearTimeout(timer);
          if (isLate) this.markHung(false);
        });
    });
  }

  /** Reads something, in any time that is reasonable. */
  ask<T>(work: (client: RedisClient) => Promise<T>): Promise<T> {
    const { problem } = this;
    return this.run(ASK_MS, () => work(this.client)).finally(() => (this.problem = problem));
  }

  /** Tries again until Redis responds. Resolves with `undefined` if the connection is closed before. */
  async retry<T>(work: () => Promise<T>): Promise<T | undefined> {
    while (!this.isClosed) {
      try {
        return await this.run(HUNG_MS, work);
      } catch {
        await sleep(RETRY_MS);
      }
    }
    return undefined;
  }

  /** Never waits for a Redis that doesn't respond. */
  async close(): Promise<void> {
    this.isClosed = true;
    const closing = this.queue.close().catch(() => {});
    await Promise.race([closing, sleep(CLOSE_MS, undefined, { ref: false })]);
    this.redis?.disconnect();
    this.dispose();
  }

  private async connect(): Promise<void> {
    const client = (await this.queue.getBackend().client) as unknown as RedisClient;
    this.redis = client;
    client.on('ready', () => this.markHung(false));
    client.on('close', () => this.update());
    this.update();
    await this.retry(() => this.events.prepare());
  }

  private markHung(isHung: boolean): void {
    if (isHung && !this.isHung) {
      this.sayTrouble('no response');
      setTimeout(() => this.isHung && this.redis?.disconnect(true), HUNG_MS).unref();
    }
    this.isHung = isHung;
    this.update();
  }

  private update(): void {
    const { isUsable } = this;
    if (this.isClosed || isUsable === this.wasUsable) return;
    this.wasUsable = isUsable;
    if (isUsable && this.saidAway) {
      this.saidAway = false;
      this.log.log('Redis is reachable again.');
    }
    this.events.onChange(isUsable);
  }

  /** Once an outage, and at most once a minute. */
  sayTrouble(why: string): void {
    const now = performance.now();
    if (this.isClosed || this.saidAway || now - this.saidAt < LOG_EVERY_MS) return;
    [this.saidAway, this.saidAt] = [true, now];
    const until = this.options.fallback
      ? 'Jobs are saved in the fallback, and forwarded when it is back.'
      : 'No job can be saved until it is back: set bullmqOutbox.fallback to bridge such times.';
    this.log.error(`Redis is unreachable (${why}). ${until}`);
  }

  private unreachable(): BullmqOutboxError {
    this.problem ??= 'Redis is unreachable';
    return new BullmqOutboxError('unreachable', `${this.problem}.`);
  }

  private toError(error: unknown, sent: boolean): BullmqOutboxError {
    this.problem = describeError(error);
    const message = `Redis did not save the job: ${this.problem}.`;
    return new BullmqOutboxError(reasonOf(error), message, sent && isAmbiguous(error));
  }
}
