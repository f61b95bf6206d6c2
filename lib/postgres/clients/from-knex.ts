import type { SqlRow } from '../../outbox/sql/sql-executor.js';
import { executorOf, hasMethod, type PostgresExecutor } from '../postgres-executor.js';

/** An instance of Knex whose client is `pg`. */
export interface KnexInstance {
  transaction<T>(
    work: (trx: KnexTransaction) => Promise<T>,
    config: { isolationLevel: 'read committed' },
  ): Promise<T>;
}

interface KnexTransaction {
  isCompleted(): boolean;
  readonly client: { acquireConnection(): Promise<KnexConnection> };
}

interface KnexConnection {
  query(sql: string, params: unknown[]): Promise<{ rows: SqlRow[] }>;
}

/**
 * Runs the outbox on an instance of Knex. As `{ transaction }`, pass the `trx` that `transaction()`
 * gives to its callback.
 *
 * @example
 * postgresOutbox({ executor: fromKnex(knex({ client: 'pg', connection: url })) })
 */
export function fromKnex(knex: KnexInstance): PostgresExecutor {
  return executorOf<KnexTransaction>({
    from: 'fromKnex',
    expects: 'an instance of Knex',
    accepts: hasMethod(knex, 'transaction'),
    transaction: 'the trx that transaction() gives to its callback',
    isTransaction: ({ isTransaction }) => isTransaction === true,
    begin: (work) => knex.transaction(work, { isolationLevel: 'read committed' }),
    // Past raw(), which gives `?` a meaning and lets postProcessResponse rename columns.
    async query(trx, sql, params) {
      if (trx.isCompleted()) throw new Error('Transaction query already complete');
      const connection = await trx.client.acquireConnection();
      return (await connection.query(sql, params)).rows;
    },
  });
}
