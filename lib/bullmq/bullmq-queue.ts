import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions, Queue, QueueOptions, WorkerOptions } from 'bullmq';
import { PartneroConfigurationError } from '../partnero.configuration-error.js';
import type { ResolvedBullmqOptions } from './bullmq.options.js';

interface Closable {
  duplicate(): Closable;
  disconnect?(): unknown;
  destroy?(): unknown;
  on?(event: 'error', listener: () => void): unknown;
}

/** Bounds the wait for the next attempt to connect: sign-ups wait for it. */
const retryStrategy = (times: number) => Math.min(1_000, 50 * 2 ** Math.min(times, 10));

const CLOSE_MS = 500;

/** Never what a process that is killed again and again makes of it. */
const NO_LIMIT = 1_000_000_000;

/**
 * A queue of BullMQ's on a connection of its own: one that the app shares might be closed before the
 * last of our jobs is written down.
 * @throws PartneroConfigurationError if BullMQ isn't installed
 */
export async function openQueue(
  { connection, prefix, leaseMs }: ResolvedBullmqOptions,
  name: string,
): Promise<{ readonly queue: Queue; readonly close: () => Promise<void> }> {
  const bullmq = await loadBullmq();
  const own = ownConnection(connection);
  // Jobs are fetched by hand, from a queue, which has no connection that blocks. What only a worker
  // has options for is taken from here all the same.
  const options: QueueOptions & Omit<WorkerOptions, keyof QueueOptions> = {
    connection: own,
    prefix,
    lockDuration: leaseMs,
    stalledInterval: Math.ceil(leaseMs / 3),
    maxStalledCount: NO_LIMIT,
  };
  const queue = new bullmq.Queue(name, options);
  const close = async () => {
    const closing = queue.close().catch(() => {});
    await Promise.race([closing, sleep(CLOSE_MS, undefined, { ref: false })]);
    // A Redis that doesn't answer would be waited for.
    queue.getBackend().client.then(
      (client) => client.disconnect(),
      () => {},
    );
    if (isInstance(own)) own.disconnect?.();
  };
  return { queue, close };
}

function ownConnection(connection: ConnectionOptions): ConnectionOptions {
  if (!isInstance(connection)) return { retryStrategy, disconnectTimeout: CLOSE_MS, ...connection };
  const own = connection.duplicate();
  own.on?.('error', () => {});
  return own;
}

function isInstance(connection: object): connection is Closable {
  return 'duplicate' in connection && typeof connection.duplicate === 'function';
}

async function loadBullmq(): Promise<typeof import('bullmq')> {
  try {
    return await import('bullmq');
  } catch (error) {
    throw new PartneroConfigurationError(
      `bullmqOutbox() needs the package bullmq, which can't be loaded (${codeOf(error)}): ` +
        'npm install bullmq ioredis',
    );
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? 'unknown error';
}

/** Where it is, in words for a log line: no user, no password. */
export function describeConnection(connection: ConnectionOptions): string {
  const { url, path, host, port, options } = connection as Record<string, unknown>;
  if (typeof url === 'string' && URL.canParse(url)) return new URL(url).host;
  if (typeof path === 'string') return path;
  if (typeof host === 'string' || typeof port === 'number') {
    return `${typeof host === 'string' ? host : '127.0.0.1'}:${Number(port ?? 6379)}`;
  }
  if (typeof options === 'object' && options !== null && !('options' in options)) {
    return describeConnection(options);
  }
  return 'Redis';
}
