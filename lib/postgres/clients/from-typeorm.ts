import type { SqlRow } from '../../outbox/sql/sql-executor.js';
import { executorOf, hasMethod, type PostgresExecutor } from '../postgres-executor.js';

/** A `DataSource` of TypeORM. */
export interface TypeOrmDataSource {
  transaction<T>(
    isolation: 'READ COMMITTED',
    work: (manager: TypeOrmManager) => Promise<T>,
  ): Promise<T>;
}

interface TypeOrmManager {
  query(sql: string, params?: unknown[]): Promise<unknown>;
}

/**
 * Runs the outbox on a `DataSource` of TypeORM. As `{ transaction }`, pass the `EntityManager` that
 * `transaction()` gives to its callback, or a `QueryRunner` that started a transaction.
 *
 * @example
 * PartneroModule.forRootAsync({
 *   inject: [DataSource],
 *   useFactory: (dataSource: DataSource) => ({
 *     outbox: postgresOutbox({ executor: fromTypeOrm(dataSource) }),
 *   }),
 * })
 */
export function fromTypeOrm(dataSource: TypeOrmDataSource): PostgresExecutor {
  return executorOf<TypeOrmManager>({
    from: 'fromTypeOrm',
    expects: 'a DataSource of TypeORM',
    accepts: hasMethod(dataSource, 'transaction'),
    transaction: 'the EntityManager that transaction() gives to its callback',
    isTransaction(given) {
      const { isTransactionActive } = (given['queryRunner'] ?? given) as Record<string, unknown>;
      return hasMethod(given, 'query') && isTransactionActive === true;
    },
    begin: (work) => dataSource.transaction('READ COMMITTED', work),
    query: async (manager, sql, params) => rowsOf(await manager.query(sql, params)),
  });
}

/** TypeORM resolves with rows, and for UPDATE and DELETE with rows and their number. */
function rowsOf(result: unknown): SqlRow[] {
  if (!Array.isArray(result)) return [];
  return Array.isArray(result[0]) ? result[0] : result;
}
