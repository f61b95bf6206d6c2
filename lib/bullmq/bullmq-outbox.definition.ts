import type { OutboxDefinition } from '../outbox/outbox-engine.js';
import { StorageHealth } from '../outbox/storage-health.js';
import { DEFAULT_PROGRAM } from '../program/program.tokens.js';
import { BullmqEngine, programKeyOf } from './bullmq.engine.js';
import {
  describeConnection,
  resolveBullmqOptions,
  type BullmqOutboxOptions,
  type ResolvedBullmqOptions,
} from './bullmq.options.js';
import { ForwardingEngine } from './forwarding.engine.js';
import { QueueConnection } from './queue-connection.js';

/**
 * The outbox on BullMQ and Redis, for apps of several instances, or apps that use BullMQ already. Its jobs
 * are BullMQ's own jobs: dashboards show, retry and pause them.
 *
 * The options and `REDIS_URL` are read when the app starts.
 *
 * @example
 * PartneroModule.forRoot({ outbox: bullmqOutbox({ fallback: sqliteOutbox() }) })
 */
export function bullmqOutbox(given?: BullmqOutboxOptions): OutboxDefinition {
  const resolve = () => resolveBullmqOptions(given, process.env);
  return {
    engine: 'bullmq',
    durable: true,
    async exists(program) {
      const options = resolve();
      if (await options.fallback?.exists(program)) return true;
      return hasProgram(options, queueNameOf(options, program));
    },
    create(context) {
      const options = resolve();
      const name = queueNameOf(options, context.program);
      const location = `the queue ${name} of BullMQ on ${describeConnection(options.connection)}`;
      const { fallback } = options;
      if (!fallback) return new BullmqEngine(options, name, location, context);
      // The rest of the time is for the fallback.
      const acceptTimeoutMs = 0.6 * context.acceptTimeoutMs;
      const engine = new BullmqEngine(options, name, location, { ...context, acceptTimeoutMs });
      return new ForwardingEngine(engine, fallback.create(context), context.log);
    },
  };
}

/** The name of a program may contain what the name of a queue must not. */
function queueNameOf({ queueName }: ResolvedBullmqOptions, program: string): string {
  if (program === DEFAULT_PROGRAM) return queueName;
  return `${queueName}-${encodeURIComponent(program).replaceAll('.', '%2E')}`;
}

async function hasProgram(options: ResolvedBullmqOptions, name: string): Promise<boolean> {
  const health = new StorageHealth('', { log() {}, warn() {}, error() {} });
  const connection = new QueueConnection(options, name, health, async () => {});
  const key = programKeyOf(options, name);
  try {
    await connection.open({ isReadOnly: true });
    return await connection.read(async () => (await connection.client.hexists(key, 'name')) === 1);
  } finally {
    await connection.close();
  }
}
