import type { ConnectionOptions } from 'bullmq';
import { PartneroConfigurationError } from '../partnero.configuration-error.js';
import { isClient } from './bullmq.options.js';

/** BullMQ's default waits up to 20 s between attempts to connect. */
const retryStrategy = (attempt: number) => Math.min(1_000, 50 * 2 ** Math.min(attempt, 10));
/** After a failover, the old primary refuses writes but keeps its connections. 2: connect, and resend. */
const reconnectOnError = ({ message }: Error) => (message.startsWith('READONLY') ? 2 : false);

const DEFAULTS = { retryStrategy, reconnectOnError, disconnectTimeout: 500 };

/** @throws PartneroConfigurationError if BullMQ isn't installed */
export async function loadBullmq(): Promise<typeof import('bullmq')> {
  try {
    return await import('bullmq');
  } catch (error) {
    const { code = 'unknown error' } = (error ?? {}) as NodeJS.ErrnoException;
    throw new PartneroConfigurationError(
      `bullmqOutbox() needs the package bullmq, which can't be loaded (${code}). Run: npm install bullmq ioredis`,
    );
  }
}

/**
 * A connection of our own: one of the app might be closed before our last command. `dispose` ends it,
 * which BullMQ doesn't do for a client that it was given.
 */
export function ownConnection(
  given: ConnectionOptions,
  overrides: { enableOfflineQueue?: boolean; maxRetriesPerRequest?: null },
): { connection: ConnectionOptions; dispose: () => void } {
  if (!isClient(given)) {
    return { connection: { ...DEFAULTS, ...given, ...overrides }, dispose: () => {} };
  }
  const settings = { ...DEFAULTS, ...overrides };
  const args = given.isCluster ? [undefined, settings] : [settings];
  const connection = given.duplicate(...args);
  return { connection, dispose: () => connection.disconnect() };
}
