import { OptionCheck } from '../common/option-check.js';
import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';
import { connect } from './own-pool.js';
import { hasMethod, type PostgresExecutor } from './postgres-executor.js';

/** Options of `postgresOutbox()`. */
export interface PostgresOutboxOptions {
  /**
   * The client of your app: `fromPg(pool)`, `fromTypeOrm(dataSource)`, `fromKnex(knex)`,
   * `fromKysely(db)`, `fromDrizzle(db)` or `fromPrisma(prisma)`. Default: a pool of the outbox's own.
   */
  executor?: PostgresExecutor | undefined;
  /**
   * The address for a pool of the outbox's own, of at most 4 connections. It needs the package `pg`.
   * Default: `DATABASE_URL`, read when the app starts.
   */
  connectionString?: string | undefined;
  /**
   * The schema of the outbox's tables, of lower-case letters, digits and underscores. Not `public`.
   * Default `'partnero'`.
   */
  schema?: string | undefined;
  /**
   * Whether the app creates and migrates the tables when it starts. Without it, the start fails while
   * migrations are pending. Default: true, except when `NODE_ENV` is `production`.
   */
  migrate?: boolean | undefined;
}

/** The options, completed when the app starts. */
export type PostgresSettings = Readonly<ReturnType<typeof resolvePostgresOptions>>;

/** @throws PartneroConfigurationError naming the option */
export function checkPostgresOptions(given: PostgresOutboxOptions = {}): void {
  const known = ['executor', 'connectionString', 'schema', 'migrate'];
  const check = new OptionCheck(given, 'postgresOutbox', known);
  const { executor } = given;
  if (check.string('connectionString') !== undefined && executor) {
    throw new PartneroConfigurationError(
      'postgresOutbox takes executor or connectionString, not both.',
    );
  }
  if (executor && !(hasMethod(executor, 'transaction') && hasMethod(executor, 'inTransaction'))) {
    throw check.refuse('executor', executor, 'what fromPg(), fromTypeOrm() or the like returns');
  }
  checkSchema(check.string('schema', 'partnero'), 'postgresOutbox.schema');
  check.boolean('migrate');
}

/** @throws PartneroConfigurationError if there is no database */
export function resolvePostgresOptions(
  { executor, connectionString, schema = 'partnero', migrate }: PostgresOutboxOptions = {},
  environment: NodeJS.ProcessEnv,
) {
  const address = connectionString ?? environment['DATABASE_URL']?.trim();
  if (!executor && !address) {
    throw new PartneroConfigurationError(
      'postgresOutbox() needs a database: set DATABASE_URL, or pass connectionString or executor.',
    );
  }
  return {
    executor: executor ? withoutClose(executor) : connect(address ?? ''),
    schema,
    migrate: migrate ?? environment['NODE_ENV'] !== 'production',
    /** For log lines: no user, no password. */
    location: `PostgreSQL${executor ? '' : describe(address ?? '')}, schema ${schema}`,
  };
}

/** What the app passed is the app's to close. */
function withoutClose(executor: PostgresExecutor): PostgresExecutor {
  return {
    transaction: (...args) => executor.transaction(...args),
    inTransaction: (transaction) => executor.inTransaction(transaction),
  };
}

/** @throws PartneroConfigurationError naming the option */
export function checkSchema(schema: string, option: string): void {
  if (/^(?!pg_|public$)[a-z_][a-z0-9_]{0,62}$/.test(schema)) return;
  throw new PartneroConfigurationError(
    `${option} must be of lower-case letters, digits and underscores, at most 63, and neither be public ` +
      'nor begin with pg_.',
  );
}

function describe(address: string): string {
  if (!URL.canParse(address)) return '';
  const { host, pathname } = new URL(address);
  return ` on ${host}${pathname}`;
}
