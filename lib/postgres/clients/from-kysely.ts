import type { SqlRow } from '../../outbox/sql/sql-executor.js';
import { executorOf, hasMethod, type PostgresExecutor } from '../postgres-executor.js';

/** An instance of Kysely with the dialect of PostgreSQL. */
export interface KyselyInstance {
  transaction(): {
    setIsolationLevel(isolation: 'read committed'): {
      execute<T>(work: (trx: KyselyTransaction) => Promise<T>): Promise<T>;
    };
  };
}

interface KyselyTransaction {
  withoutPlugins(): { executeQuery(query: CompiledQuery): Promise<{ rows: unknown[] }> };
}

/** What `CompiledQuery.raw()` of Kysely makes. */
interface CompiledQuery {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly query: {
    readonly kind: 'RawNode';
    readonly sqlFragments: readonly string[];
    readonly parameters: readonly never[];
  };
  readonly queryId: { readonly queryId: string };
}

/**
 * Runs the outbox on an instance of Kysely. As `{ transaction }`, pass the `trx` that
 * `transaction().execute()` gives to its callback.
 *
 * @example
 * postgresOutbox({ executor: fromKysely(new Kysely({ dialect: new PostgresDialect({ pool }) })) })
 */
export function fromKysely(db: KyselyInstance): PostgresExecutor {
  return executorOf<KyselyTransaction>({
    from: 'fromKysely',
    expects: 'an instance of Kysely',
    accepts: hasMethod(db, 'transaction'),
    transaction: 'the trx that transaction().execute() gives to its callback',
    isTransaction: ({ isTransaction }) => isTransaction === true,
    begin: (work) => db.transaction().setIsolationLevel('read committed').execute(work),
    async query(trx, sql, parameters) {
      const query = { kind: 'RawNode', sqlFragments: [sql], parameters: [] } as const;
      const queryId = { queryId: 'nestjs-partnero' };
      // Plugins may rename columns.
      const bare = trx.withoutPlugins();
      return (await bare.executeQuery({ sql, parameters, query, queryId })).rows as SqlRow[];
    },
  });
}
