import type { ConnectionOptions, Queue } from 'bullmq';
import { OptionCheck } from '../option-check.js';
import type { OutboxDefinition } from '../outbox/outbox.js';
import { PartneroConfigurationError } from '../partnero.configuration-error.js';

/** Options of `bullmqOutbox()`. */
export interface BullmqOutboxOptions {
  /**
   * How to reach Redis: what BullMQ takes, such as `{ host, port }`, `{ url }`, or a client of ioredis
   * or node-redis, which is duplicated. Default: `REDIS_URL` in the environment.
   */
  connection?: ConnectionOptions | undefined;
  /**
   * A queue of `@nestjs/bullmq` or BullMQ itself, instead of `connection`, `prefix` and `queueName`.
   * Nothing but this package may add to it or process it.
   */
  queue?: Queue | undefined;
  /** Of all keys in Redis. On a cluster it must be in braces. Default `'bull'`, which is BullMQ's. */
  prefix?: string | undefined;
  /** Programs with a `name` get a queue of their own, with that name behind it. Default `'partnero'`. */
  queueName?: string | undefined;
  /**
   * Takes the sign-ups that Redis can't take in time, and hands them over once it can:
   * `sqliteOutbox()`. Default: none, they wait in memory for up to 30 seconds.
   */
  fallback?: OutboxDefinition | undefined;
  /**
   * So long after Redis has last heard of a process, others take over what it held. It has to be
   * longer than the app's event loop is ever blocked. Milliseconds; default 15,000.
   */
  leaseMs?: number | undefined;
}

export interface ResolvedBullmqOptions {
  readonly connection: ConnectionOptions;
  readonly prefix: string;
  readonly queueName: string;
  readonly fallback: OutboxDefinition | undefined;
  readonly leaseMs: number;
}

/** @throws PartneroConfigurationError naming the option */
export function resolveBullmqOptions(
  given: BullmqOutboxOptions | undefined,
  environment: NodeJS.ProcessEnv,
): ResolvedBullmqOptions {
  const known = ['connection', 'queue', 'prefix', 'queueName', 'fallback', 'leaseMs'];
  const check = new OptionCheck(given, 'bullmqOutbox', known);
  const { queue, fallback } = given ?? {};
  if (queue && (given?.connection ?? given?.prefix ?? given?.queueName) !== undefined) {
    throw new PartneroConfigurationError(
      'bullmqOutbox.queue brings its own connection, prefix and name: leave these out.',
    );
  }
  if (fallback && (fallback.engine === 'bullmq' || !fallback.durable)) {
    throw new PartneroConfigurationError('bullmqOutbox.fallback must be sqliteOutbox().');
  }
  const { prefix } = (queue?.opts ?? {}) as { prefix?: string };
  return {
    connection: connectionFrom(given, environment),
    prefix: prefix ?? check.string('prefix', 'bull'),
    queueName: queueNameFrom(queue?.name ?? check.string('queueName', 'partnero')),
    fallback: fallback ?? undefined,
    leaseMs: check.integer('leaseMs', 15_000, { min: 1_000, max: 3_600_000 }),
  };
}

function connectionFrom(
  given: BullmqOutboxOptions | undefined,
  environment: NodeJS.ProcessEnv,
): ConnectionOptions {
  const connection = given?.queue ? given.queue.opts?.connection : given?.connection;
  const url = environment['REDIS_URL']?.trim();
  if (connection === undefined && given?.queue === undefined && url) return { url };
  if (typeof connection === 'object' && connection !== null) return connection;
  throw new PartneroConfigurationError(
    given?.queue
      ? 'bullmqOutbox.queue is no queue of BullMQ: give what @InjectQueue() injects.'
      : 'bullmqOutbox() needs Redis: give connection or queue, or set REDIS_URL.',
  );
}

function queueNameFrom(name: string): string {
  if (!name.includes(':')) return name;
  throw new PartneroConfigurationError('bullmqOutbox.queueName must not hold a colon.');
}
