import type { ConnectionOptions, Queue, Telemetry } from 'bullmq';
import { OptionCheck } from '../common/option-check.js';
import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';
import type { OutboxDefinition } from '../outbox/outbox-engine.js';

/** Options of `bullmqOutbox()`. Checked when the app starts. */
export interface BullmqOutboxOptions {
  /**
   * How to reach Redis: a URL, what ioredis takes, or a client of ioredis, which is duplicated. Default:
   * the environment variable `REDIS_URL`.
   */
  connection?: string | ConnectionOptions | undefined;
  /**
   * A queue of `@nestjs/bullmq` or BullMQ, whose connection, prefix, name and telemetry are used instead
   * of these options. No other code may add jobs to it or process them.
   */
  queue?: Queue | undefined;
  /** Begins all keys in Redis. On a cluster it needs braces: `'{bull}'`. Default `'bull'`, as in BullMQ. */
  prefix?: string | undefined;
  /** Programs with a `name` get a queue of their own, with that name appended. Default `'partnero'`. */
  queueName?: string | undefined;
  /** Passed on to BullMQ, such as `new BullMQOtel('partnero')`. Default: none. */
  telemetry?: Telemetry | undefined;
  /**
   * Saves the jobs that Redis can't take in time, and forwards them to it later: `sqliteOutbox()`.
   * Default: none, and such jobs are refused.
   */
  fallback?: OutboxDefinition | undefined;
  /**
   * Other processes take over the jobs of a process that hasn't contacted Redis for this long. Must be
   * longer than the app ever blocks its event loop. Milliseconds; at least 1,000, default 15,000.
   */
  leaseMs?: number | undefined;
}

export interface ResolvedBullmqOptions {
  readonly connection: Exclude<ConnectionOptions, string>;
  readonly prefix: string;
  readonly queueName: string;
  readonly telemetry: Telemetry | undefined;
  readonly fallback: OutboxDefinition | undefined;
  readonly leaseMs: number;
}

const KNOWN = ['connection', 'queue', 'prefix', 'queueName', 'telemetry', 'fallback', 'leaseMs'];

/** @throws PartneroConfigurationError naming the option */
export function resolveBullmqOptions(
  given: BullmqOutboxOptions | undefined,
  environment: NodeJS.ProcessEnv,
): ResolvedBullmqOptions {
  const check = new OptionCheck(given, 'bullmqOutbox', KNOWN);
  const { queue, fallback, connection, telemetry } = given ?? {};
  if (queue && [connection, given?.prefix, given?.queueName, telemetry].some(Boolean)) {
    throw refuse('queue has its own connection, prefix, name and telemetry: remove those options.');
  }
  if (queue && typeof queue.opts !== 'object') {
    throw refuse('queue must be a Queue of BullMQ, such as @InjectQueue() injects.');
  }
  if (fallback && (fallback.engine === 'bullmq' || !fallback.durable)) {
    throw refuse('fallback must be an outbox on this machine, such as sqliteOutbox().');
  }
  const own: Partial<Queue['opts']> = queue?.opts ?? {};
  const prefix = own.prefix ?? check.string('prefix', 'bull');
  const queueName = queue?.name ?? check.string('queueName', 'partnero');
  if (queueName.includes(':')) throw refuse('queueName must not contain a colon.');
  return {
    connection: checkConnection(queue ? own.connection : connection, prefix, environment),
    prefix,
    queueName,
    telemetry: own.telemetry ?? telemetry,
    fallback,
    leaseMs: check.integer('leaseMs', 15_000, { min: 1_000, max: 3_600_000 }),
  };
}

/** What connection options, or a client of ioredis, may have. */
interface Connection {
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  readonly keyPrefix?: string;
  readonly isCluster?: boolean;
  readonly options?: { keyPrefix?: string; redisOptions?: { keyPrefix?: string } };
  readonly defineCommand?: unknown;
}

function checkConnection(
  given: string | ConnectionOptions | undefined,
  prefix: string,
  environment: NodeJS.ProcessEnv,
): ConnectionOptions {
  // As in `{ url: process.env.REDIS_URL }` before that variable is loaded.
  const isMissing = !given || (Object.keys(given).join() === 'url' && !(given as Connection).url);
  const connection = isMissing ? environment['REDIS_URL']?.trim() : given;
  if (!connection) {
    throw refuse('connection is missing: set it, or queue, or the environment variable REDIS_URL.');
  }
  if (typeof connection === 'string') return checkConnection({ url: connection }, prefix, {});
  if (typeof connection !== 'object') throw refuse('connection must be a URL or an object.');
  const { url, keyPrefix, options, isCluster, defineCommand }: Connection = connection;
  if (url !== undefined && !/^rediss?:\/\//.test(url)) {
    throw refuse('connection must be a URL that begins with redis:// or rediss://.');
  }
  if (isClient(connection) && typeof defineCommand !== 'function') {
    throw refuse('connection must be a client of ioredis: other clients are not supported.');
  }
  if (
    keyPrefix ||
    options?.keyPrefix ||
    options?.redisOptions?.keyPrefix ||
    /[?&]keyPrefix=/.test(url ?? '')
  ) {
    throw refuse('connection must not set keyPrefix, which BullMQ cannot use: set prefix instead.');
  }
  if (isCluster && !/\{.+\}/.test(prefix)) {
    throw refuse(
      "prefix needs braces on a Redis cluster, so that one node has all keys: '{bull}'.",
    );
  }
  return connection;
}

/** A client that exists already. */
interface RedisInstance {
  readonly isCluster?: boolean;
  duplicate(...args: unknown[]): RedisInstance & ConnectionOptions;
  disconnect(): void;
}

export function isClient(connection: object): connection is RedisInstance {
  return 'duplicate' in connection && typeof connection.duplicate === 'function';
}

/** Where Redis is, for log lines. Never a user or a password. */
export function describeConnection(connection: object): string {
  const { url, path, host, port, options } = connection as Connection;
  if (url !== undefined && URL.canParse(url)) return new URL(url).host;
  if (path !== undefined) return path;
  if (host !== undefined || port !== undefined) return `${host ?? '127.0.0.1'}:${port ?? 6379}`;
  return options ? describeConnection(options) : 'Redis';
}

function refuse(what: string): PartneroConfigurationError {
  return new PartneroConfigurationError(`bullmqOutbox.${what}`);
}
