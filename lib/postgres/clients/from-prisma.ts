import type { SqlRow } from '../../outbox/sql/sql-executor.js';
import { executorOf, hasMethod, type PostgresExecutor } from '../postgres-executor.js';
import { CONNECT_MS, TRANSACTION_MS } from '../transaction-limits.js';

/** A `PrismaClient` for PostgreSQL. */
export interface PrismaInstance {
  $transaction<T>(work: (tx: PrismaTransaction) => Promise<T>, options: typeof OPTIONS): Promise<T>;
}

interface PrismaTransaction {
  $queryRawUnsafe(sql: string, ...params: unknown[]): PromiseLike<unknown>;
}

const OPTIONS = {
  isolationLevel: 'ReadCommitted',
  maxWait: CONNECT_MS,
  timeout: TRANSACTION_MS,
} as const;

/**
 * Runs the outbox on a `PrismaClient`. As `{ transaction }`, pass the `tx` that `$transaction()` gives
 * to its callback.
 *
 * @example
 * postgresOutbox({ executor: fromPrisma(prisma) })
 */
export function fromPrisma(prisma: PrismaInstance): PostgresExecutor {
  return executorOf<PrismaTransaction>({
    from: 'fromPrisma',
    expects: 'a PrismaClient',
    accepts: hasMethod(prisma, '$transaction'),
    transaction: 'the tx that $transaction() gives to its callback',
    // A transaction can't connect.
    isTransaction: (given) => hasMethod(given, '$queryRawUnsafe') && !hasMethod(given, '$connect'),
    begin: (work) => prisma.$transaction(work, OPTIONS),
    query: async (tx, sql, params) => (await tx.$queryRawUnsafe(sql, ...params)) as SqlRow[],
  });
}
