import { randomBytes } from 'node:crypto';
import { StoreLink, type CallWait } from '../outbox/fleet/store-link.js';
import type { Outbox, OutboxContext, OutboxDefinition } from '../outbox/outbox.js';
import { makeQueue, openBoss, queueNameOf, type Linked } from './boss.js';
import { describeProblem, isForGood, isOutage } from './postgres-error.js';
import {
  describeSource,
  resolvePostgresOptions,
  type PostgresOutboxOptions,
  type ResolvedPostgresOptions,
} from './postgres.options.js';
import { PostgresOutbox } from './postgres.outbox.js';
import { PostgresStore } from './postgres.store.js';
import { Tables } from './tables.js';

const KNOWS: CallWait = { awayMs: 5_000, answerMs: 5_000 };

/**
 * The outbox on pg-boss and PostgreSQL, for apps on several machines, and for attributions that stand
 * or fall with a transaction of the app's own.
 *
 * @example
 * PartneroModule.forRoot({ outbox: postgresOutbox({ connectionString: process.env.DATABASE_URL }) })
 */
export function postgresOutbox(given?: PostgresOutboxOptions): OutboxDefinition {
  const options = resolvePostgresOptions(given, process.env);
  const { schema, leaseMs } = options;
  return {
    engine: 'pg-boss',
    durable: true,
    async knows(program: string): Promise<boolean> {
      const tables = new Tables(schema);
      const link = linkTo(options, () => Promise.resolve());
      try {
        await link.start();
        return await link.call(({ db }) => tables.knows(db, program), KNOWS);
      } finally {
        await link.close();
      }
    },
    create(context: OutboxContext): Outbox {
      const tables = new Tables(schema);
      const queue = queueNameOf(schema, context.program);
      const link = linkTo(options, async (linked) => {
        await tables.prepare(linked.db);
        await makeQueue(linked, queue);
      });
      const owner = randomBytes(9).toString('base64url');
      const settings = { location: describeSource(options), owner, queue, leaseMs };
      const store = new PostgresStore(link, tables, settings, context);
      return new PostgresOutbox(context, store, owner, leaseMs);
    },
  };
}

function linkTo(
  options: ResolvedPostgresOptions,
  prepare: (linked: Linked) => Promise<void>,
): StoreLink<Linked> {
  return new StoreLink({
    server: 'PostgreSQL',
    connect: (trouble) => openBoss(options, trouble),
    isConnected: () => true,
    probe: ({ db }) => db.executeSql('SELECT 1'),
    prepare,
    isOutage,
    // Its pool lets go of such by itself.
    isStale: () => false,
    isForGood,
    describe: describeProblem,
  });
}
