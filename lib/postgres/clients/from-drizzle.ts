import type { SqlRow } from '../../outbox/sql/sql-executor.js';
import { executorOf, hasMethod, type PostgresExecutor } from '../postgres-executor.js';
import { fromPg, isPool } from './from-pg.js';

/** A database of Drizzle on a driver with transactions, such as `drizzle-orm/node-postgres`. */
export interface DrizzleDatabase {
  transaction<T>(
    work: (tx: DrizzleTransaction) => Promise<T>,
    config?: { isolationLevel?: 'read committed' },
  ): Promise<T>;
  /** The driver's own client, which is a `Pool` on `drizzle-orm/node-postgres`. */
  readonly $client?: unknown;
}

interface DrizzleTransaction {
  execute(query: never): PromiseLike<unknown>;
}

/**
 * Runs the outbox on a database of Drizzle. As `{ transaction }`, pass the `tx` that `transaction()`
 * gives to its callback.
 *
 * @example
 * postgresOutbox({ executor: fromDrizzle(drizzle(process.env.DATABASE_URL)) })
 */
export function fromDrizzle(db: DrizzleDatabase): PostgresExecutor {
  const executor = executorOf<DrizzleTransaction>({
    from: 'fromDrizzle',
    expects: 'a database of Drizzle',
    accepts: hasMethod(db, 'transaction'),
    transaction: 'the tx that transaction() gives to its callback',
    // Of databases and transactions, only the latter can be rolled back.
    isTransaction: (given) => hasMethod(given, 'execute') && hasMethod(given, 'rollback'),
    begin: (work) => db.transaction(work, { isolationLevel: 'read committed' }),
    async query(tx, sql, params) {
      // What Drizzle makes of its `sql` template, which can't be imported here.
      const statement = { getSQL: () => ({ toQuery: () => ({ sql, params }) }) };
      return rowsOf(await tx.execute(statement as never));
    },
  });
  if (!isPool(db.$client)) return executor;
  // A connection on which Drizzle's BEGIN fails never returns to the pool, which then runs dry.
  const onPool = fromPg(db.$client);
  return { ...executor, transaction: (work, signal) => onPool.transaction(work, signal) };
}

/** Some drivers resolve with the rows, others with a result that holds them. */
function rowsOf(result: unknown): SqlRow[] {
  return Array.isArray(result) ? [...result] : (result as { rows: SqlRow[] }).rows;
}
