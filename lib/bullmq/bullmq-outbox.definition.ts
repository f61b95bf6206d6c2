import { randomBytes } from 'node:crypto';
import { FallbackOutbox } from '../outbox/fleet/fallback.outbox.js';
import { toMove, warnOfWhatIsLeft } from '../outbox/fleet/left-behind.js';
import { FleetOutbox } from '../outbox/fleet/fleet.outbox.js';
import type { CallWait } from '../outbox/fleet/store-link.js';
import type { Outbox, OutboxContext, OutboxDefinition, OutboxLog } from '../outbox/outbox.js';
import { DEFAULT_PROGRAM } from '../program.tokens.js';
import { Books } from './books.js';
import { describeConnection } from './bullmq-queue.js';
import {
  resolveBullmqOptions,
  type BullmqOutboxOptions,
  type ResolvedBullmqOptions,
} from './bullmq.options.js';
import { BullmqStore } from './bullmq.store.js';
import { warnOfWhatRedisLoses } from './redis-checks.js';
import { redisLink } from './redis-link.js';

const KNOWS: CallWait = { awayMs: 5_000, answerMs: 5_000 };
/** Without a fallback, a sign-up waits so long in memory, behind its response. */
const PATIENT: CallWait = { awayMs: 30_000, answerMs: 30_000 };

/**
 * The outbox on BullMQ and Redis, for apps on several machines: they share the jobs, the order of each
 * customer's, the pauses and the rate, and take over from those that die.
 *
 * @example
 * PartneroModule.forRoot({ outbox: bullmqOutbox({ connection: { url: process.env.REDIS_URL } }) })
 */
export function bullmqOutbox(given?: BullmqOutboxOptions): OutboxDefinition {
  const options = resolveBullmqOptions(given, process.env);
  return {
    engine: 'bullmq',
    durable: true,
    async knows(program: string): Promise<boolean> {
      const { link, books } = placeOf(options, program);
      try {
        if (await options.fallback?.knows(toMove(program))) return true;
        await link.start();
        return (await link.call((linked) => books.salt(linked.client), KNOWS)) !== null;
      } finally {
        await link.close();
      }
    },
    create(context: OutboxContext): Outbox {
      const { location, books, link } = placeOf(options, context.program, context.log);
      const owner = randomBytes(9).toString('base64url');
      const { leaseMs, fallback } = options;
      const acceptWait = fallback ? impatient(context) : PATIENT;
      const settings = { location, owner, leaseMs, acceptWait };
      const store = new BullmqStore(link, books, settings, context);
      const fleet = new FleetOutbox(context, store, owner, leaseMs);
      if (!fallback) return fleet;
      const program = toMove(context.program);
      const local = { ...context, program, requestsPerMinute: undefined, keyHash: () => null };
      const leftBehind = () => warnOfWhatIsLeft(fallback, context);
      return new FallbackOutbox(fleet, fallback.create(local), context.log, leftBehind);
    },
  };
}

/** So much of a sign-up's time that enough is left for the fallback. */
function impatient({ acceptTimeoutMs = 250 }: OutboxContext): CallWait {
  return { awayMs: 0, answerMs: 0.6 * acceptTimeoutMs };
}

/** Each program has a queue of its own, and books beside it. */
function placeOf(options: ResolvedBullmqOptions, program: string, log?: OutboxLog) {
  const { connection, prefix, queueName } = options;
  const name = program === DEFAULT_PROGRAM ? queueName : `${queueName}-${encode(program)}`;
  const location = `the queue ${name} of BullMQ on ${describeConnection(connection)}`;
  const books = new Books(`${prefix}:${name}.books:`, `${prefix}:${name}:`);
  const link = redisLink(options, name, books, (linked) => {
    // What can't be asked can't be told.
    if (log) warnOfWhatRedisLoses(linked, location, log).catch(() => {});
  });
  return { location, books, link };
}

/** A name of a program may hold what no name of a queue may. */
function encode(program: string): string {
  return encodeURIComponent(program).replaceAll('.', '%2E');
}
