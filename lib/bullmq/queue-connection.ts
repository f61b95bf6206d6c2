import type { Queue } from 'bullmq';
import type { OutboxLog } from '../outbox/outbox-engine.js';
import { RetryUntilStopped } from '../outbox/retry-until-stopped.js';
import { StorageHealth } from '../outbox/storage-health.js';
import { PartneroConfigurationError } from '../partnero.configuration-error.js';
import { within } from '../within.js';
import type { JobData } from './bullmq-job.js';
import type { ResolvedBullmqOptions } from './bullmq.options.js';
import type { RedisClient } from './redis-client.js';
import { loadBullmq, ownConnection } from './redis-connection.js';
import { BullmqOutboxError, isPermanent } from './redis-error.js';

/** The app starts without a Redis that doesn't respond within this time. */
const BOOT_MS = 3_000;
/** A Redis that leaves a command unanswered for so much longer is connected to anew. */
const HUNG_MS = 2_000;
const READ_MS = 10_000;
const CLOSE_MS = 500;

export type JobQueue = Queue<JobData, string>;

/** Work on Redis that has a deadline. */
export interface BoundedWork {
  /** Set before the step that saves the job: if its response is lost, the job may be saved. */
  wasSent: boolean;
  /** Throws once the deadline has passed. Called before steps that must not come late. */
  check(): void;
}

export interface QueuePlace {
  /** The name of the queue. */
  readonly name: string;
  /** For log lines. */
  readonly location: string;
}

export interface ConnectionListener {
  /** Called at the first connection. */
  prepare(): Promise<unknown>;
  /** Called when Redis becomes usable, and when it no longer is. */
  onChange(isUsable: boolean): void;
}

/** The queue, on a connection of its own, and whether Redis responds. */
export class QueueConnection {
  bullmq!: typeof import('bullmq');
  queue!: JobQueue;
  readonly health: StorageHealth;
  /** Repeats what must be done until Redis responds or the app stops. */
  readonly retries = new RetryUntilStopped();
  private redis: RedisClient | undefined;
  private isHung = false;
  private wasUsable = false;
  private dispose = (): void => {};

  constructor(
    readonly options: ResolvedBullmqOptions,
    readonly place: QueuePlace,
    log: OutboxLog,
    private readonly listener: ConnectionListener,
  ) {
    this.health = new StorageHealth(place.location, log);
  }

  /** @throws BullmqOutboxError if there has never been a connection */
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
    const { prefix, telemetry, connection: given } = this.options;
    this.bullmq = await loadBullmq();
    const { connection, dispose } = ownConnection(given, { enableOfflineQueue: false });
    this.dispose = dispose;
    this.queue = new this.bullmq.Queue(this.place.name, {
      connection,
      prefix,
      skipMetasUpdate: isReadOnly,
      // If that failed, the queue would be unusable for good.
      skipVersionCheck: true,
      ...(telemetry && { telemetry }),
    });
    const failed = new Promise<unknown>((resolve) => {
      this.queue.on('error', (error) => {
        resolve(error);
        if (!this.isUsable) this.health.failed(BullmqOutboxError.from(error));
      });
    });
    const connected = this.connect().catch((error: unknown) => error);
    const error = await within(BOOT_MS, Promise.race([connected, failed]));
    if (!this.redis) this.health.failed(BullmqOutboxError.from(error));
    if (!isPermanent(error)) return;
    await this.close();
    throw new PartneroConfigurationError(
      `${BullmqOutboxError.from(error).message}: check the connection of bullmqOutbox().`,
    );
  }

  /**
   * Writes something. After `ms`, what was begun may go on.
   * @throws BullmqOutboxError
   */
  write<T>(ms: number, work: (bound: BoundedWork) => Promise<T>): Promise<T> {
    return this.health.write(this.run(ms, work));
  }

  /** @throws BullmqOutboxError */
  read<T>(work: (client: RedisClient) => Promise<T>): Promise<T> {
    return this.health.read(this.run(READ_MS, () => work(this.client)));
  }

  /** Writes something, however long that takes. Resolves with `undefined` if the app stops before. */
  writeEventually<T>(work: () => Promise<T>): Promise<T | undefined> {
    const run = () => this.health.read(this.run(HUNG_MS, work));
    return this.retries.run(run).catch(() => undefined);
  }

  /** Never waits for a Redis that doesn't respond. */
  async close(): Promise<void> {
    this.health.close();
    this.retries.stop();
    await within(CLOSE_MS, this.queue?.close().catch(() => {}) ?? Promise.resolve());
    this.redis?.disconnect();
    this.dispose();
  }

  private async connect(): Promise<null> {
    const client = (await this.queue.getBackend().client) as unknown as RedisClient;
    this.redis = client;
    client.on('ready', () => this.setHung(false));
    client.on('close', () => this.update());
    await this.writeEventually(() => this.listener.prepare());
    this.update();
    return null;
  }

  private async run<T>(ms: number, work: (bound: BoundedWork) => Promise<T>): Promise<T> {
    if (!this.isUsable) throw this.unreachable();
    let isLate = false;
    const check = () => {
      if (isLate) throw new Error('too late');
    };
    const bound: BoundedWork = { wasSent: false, check };
    const done = work(bound).then(
      (result) => ({ result }),
      (error: unknown) => {
        throw BullmqOutboxError.from(error, bound.wasSent);
      },
    );
    const end = await within(ms, done);
    if (end) return end.result;
    isLate = true;
    this.setHung(true);
    const clear = () => this.setHung(false);
    done.then(clear, clear);
    throw new BullmqOutboxError('timeout', `Redis did not respond within ${ms} ms`, bound.wasSent);
  }

  private setHung(isHung: boolean): void {
    if (isHung && !this.isHung) {
      setTimeout(() => this.isHung && this.redis?.disconnect(true), HUNG_MS).unref();
    }
    this.isHung = isHung;
    this.update();
  }

  private update(): void {
    const { isUsable } = this;
    if (isUsable === this.wasUsable) return;
    this.wasUsable = isUsable;
    this.listener.onChange(isUsable);
  }

  private unreachable(): BullmqOutboxError {
    return new BullmqOutboxError('unreachable', this.health.problem ?? 'Redis is unreachable');
  }
}
