import type { NewJob } from '../outbox/job.js';
import type { EngineContext, OutboxDefinition, OutboxEngine } from '../outbox/outbox-engine.js';
import type { SqlExecutor } from '../outbox/sql/sql-executor.js';
import { SqlOutbox } from '../outbox/sql/sql-outbox.js';
import { transact } from './bounded-transaction.js';
import { hasTable } from './migrations.js';
import { PostgresConnection } from './postgres-connection.js';
import {
  checkPostgresOptions,
  resolvePostgresOptions,
  type PostgresOutboxOptions,
} from './postgres.options.js';

/**
 * Saves jobs in your PostgreSQL, in a schema of their own. Use it for an app with several instances, or
 * to save an attribution in the same transaction as the user.
 *
 * @throws PartneroConfigurationError if an option is wrong
 * @example
 * PartneroModule.forRoot({ outbox: postgresOutbox({ executor: fromPg(pool) }) })
 */
export function postgresOutbox(options?: PostgresOutboxOptions): OutboxDefinition {
  checkPostgresOptions(options);
  return {
    engine: 'postgres',
    durable: true,
    async exists(program: string): Promise<boolean> {
      const { executor, schema } = resolvePostgresOptions(options, process.env);
      try {
        return await transact(executor, (tx) => hasProgram(tx, schema, program));
      } finally {
        await executor.close?.();
      }
    },
    create(context: EngineContext): OutboxEngine {
      const settings = resolvePostgresOptions(options, process.env);
      const connection = new PostgresConnection(settings, context.log);
      return new PostgresOutbox(settings.location, connection, context);
    },
  };
}

class PostgresOutbox extends SqlOutbox {
  constructor(
    location: string,
    private readonly postgres: PostgresConnection,
    context: EngineContext,
  ) {
    super(location, postgres, context);
  }

  enqueueIn(transaction: unknown, job: NewJob): Promise<string> {
    return this.postgres.enqueueIn(transaction, this.context.program, job);
  }
}

async function hasProgram(tx: SqlExecutor, schema: string, program: string): Promise<boolean> {
  if (!(await hasTable(tx, schema, 'programs'))) return false;
  const sql = `SELECT 1 FROM "${schema}".programs WHERE name = $1`;
  return (await tx.query(sql, [program])).length > 0;
}
