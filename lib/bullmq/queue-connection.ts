import type { ConnectionOptions, Queue } from 'bullmq';
import { loadPackage } from '../common/load-package.js';
import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';
import { sleep } from '../common/sleep.js';
import { within } from '../common/within.js';
import { RetryUntilStopped } from '../outbox/retry-until-stopped.js';
import type { StorageHealth } from '../outbox/storage-health.js';
import type { JobData } from './bullmq-job.js';
import { isClient, type ResolvedBullmqOptions } from './bullmq.options.js';
import type { RedisClient } from './redis-client.js';
import { BullmqOutboxError, isPermanent } from './redis-error.js';

/** The app starts without a Redis that doesn't respond within this time. */
const BOOT_MS = 3_000;
/** A connection on which a command waits for longer is replaced. */
const HUNG_MS = 2_000;
const READ_MS = 10_000;
/** A connection that was lost for longer isn't waited for. */
const RECONNECT_MS = 1_000;
const RECONNECT_POLL_MS = 10;
const WRITE_ON_CLOSE_MS = 1_000;
const CLOSE_MS = 500;
const CONNECTION_DEFAULTS = {
  /** BullMQ's default waits up to 20 s between attempts to connect. */
  retryStrategy: (attempt: number) => Math.min(1_000, 50 * 2 ** Math.min(attempt, 10)),
  /** After a failover, the old primary refuses writes but keeps its connections. 2: connect, and resend. */
  reconnectOnError: ({ message }: Error) => (message.startsWith('READONLY') ? 2 : false),
  disconnectTimeout: 500,
};

export type JobQueue = Queue<JobData, string>;

/**
 * Called before the step that saves a job: if the response to that is lost, the job may be saved. Throws
 * once the deadline has passed.
 */
export type Saving = () => void;

/** The queue, on a connection of its own, and whether Redis responds. */
export class QueueConnection {
  bullmq!: typeof import('bullmq');
  queue!: JobQueue;
  private redis: RedisClient | undefined;
  /** Calls that exceeded their deadline and haven't ended. */
  private late = 0;
  private lateSince: number | null = null;
  private lostAt: number | null = null;
  private readonly closed = new AbortController();
  private readonly retries = new RetryUntilStopped();
  private readonly writing = new Set<Promise<unknown>>();
  private dispose = (): void => {};

  /** @param prepare called at the first connection */
  constructor(
    readonly options: ResolvedBullmqOptions,
    private readonly queueName: string,
    readonly health: StorageHealth,
    private readonly prepare: (client: RedisClient) => Promise<unknown>,
  ) {}

  /** @throws BullmqOutboxError if there has never been a connection */
  get client(): RedisClient {
    if (this.redis) return this.redis;
    throw this.unreachable();
  }

  get isUsable(): boolean {
    const { status, isCluster } = this.redis ?? {};
    return this.late === 0 && (status === 'ready' || (status === 'connect' && isCluster === true));
  }

  /** Resolves also if Redis can't be reached: it may come later. */
  async open({ isReadOnly = false } = {}): Promise<void> {
    const { prefix, telemetry, connection: given } = this.options;
    this.bullmq = await loadBullmq();
    const settings = { enableOfflineQueue: false, socketTimeout: HUNG_MS };
    const { connection, dispose } = ownConnection(given, settings);
    this.dispose = dispose;
    this.queue = new this.bullmq.Queue(this.queueName, {
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
  write<T>(ms: number, work: (saving: Saving) => Promise<T>): Promise<T> {
    return this.health.write(this.run(ms, work));
  }

  /**
   * Like `write`, but without a fallback, it waits for a connection that was lost, or a call that became
   * late, a moment ago: most are back at once. A process that stood still finds both.
   */
  async writeOnceConnected<T>(ms: number, work: (saving: Saving) => Promise<T>): Promise<T> {
    const { signal } = this.closed;
    const since = Math.max(this.lostAt ?? -Infinity, this.lateSince ?? -Infinity);
    const until = Math.min(performance.now() + ms, since + RECONNECT_MS);
    const mayReturn = () => !this.options.fallback && !signal.aborted && performance.now() < until;
    while (!this.isUsable && mayReturn()) await sleep(RECONNECT_POLL_MS, signal);
    return this.write(ms, work);
  }

  /** @throws BullmqOutboxError */
  read<T>(work: () => Promise<T>): Promise<T> {
    return this.health.read(this.run(READ_MS, work));
  }

  /** Writes something, however long that takes. Resolves with `undefined` if the app stops before. */
  writeEventually<T>(work: () => Promise<T>): Promise<T | undefined> {
    const writing = this.retries.run(() => this.health.read(this.run(HUNG_MS, work)));
    this.writing.add(writing);
    return writing.finally(() => this.writing.delete(writing));
  }

  /** Waits a moment for what is being written, but never for a Redis that doesn't respond. */
  async close(): Promise<void> {
    this.closed.abort();
    this.retries.stop();
    await within(WRITE_ON_CLOSE_MS, Promise.all(this.writing));
    this.health.close();
    await within(CLOSE_MS, this.queue?.close().catch(() => {}) ?? Promise.resolve());
    this.redis?.disconnect();
    this.dispose();
  }

  private async connect(): Promise<void> {
    const client = (await this.queue.getBackend().client) as unknown as RedisClient;
    this.redis = client;
    client.on('ready', () => (this.lostAt = null));
    client.on('close', () => (this.lostAt ??= performance.now()));
    await this.writeEventually(() => this.prepare(client));
  }

  private async run<T>(ms: number, work: (saving: Saving) => Promise<T>): Promise<T> {
    if (!this.isUsable) throw this.unreachable();
    let [wasSent, isLate] = [false, false];
    const saving = () => {
      if (isLate) throw new Error('too late');
      wasSent = true;
    };
    const done = work(saving).then(
      (result) => ({ result }),
      (error: unknown) => {
        throw BullmqOutboxError.from(error, wasSent);
      },
    );
    const end = await within(ms, done);
    if (end) return end.result;
    isLate = true;
    this.late += 1;
    this.lateSince ??= performance.now();
    const ended = () => {
      this.late -= 1;
      if (this.late === 0) this.lateSince = null;
    };
    done.then(ended, ended);
    throw new BullmqOutboxError('timeout', `Redis did not respond within ${ms} ms`, wasSent);
  }

  private unreachable(): BullmqOutboxError {
    return new BullmqOutboxError('unreachable', this.health.problem ?? 'Redis is unreachable');
  }
}

/** @throws PartneroConfigurationError if BullMQ isn't installed */
function loadBullmq(): Promise<typeof import('bullmq')> {
  const install = 'bullmqOutbox() needs it. Run: npm install bullmq ioredis';
  return loadPackage('bullmq', () => import('bullmq'), install);
}

/**
 * A connection of our own: one of the app might be closed before our last command. `dispose` ends it,
 * which BullMQ doesn't do for a client that it was given.
 */
export function ownConnection(
  given: ConnectionOptions,
  settings: object,
): { connection: ConnectionOptions; dispose: () => void } {
  const own = { ...CONNECTION_DEFAULTS, ...settings };
  if (!isClient(given)) return { connection: { ...own, ...given, ...settings }, dispose() {} };
  const connection = given.duplicate(...(given.isCluster ? [undefined, own] : [own]));
  return { connection, dispose: () => connection.disconnect() };
}
