import type { Db as IDatabase, PgBoss } from 'pg-boss';
import { OptionCheck } from '../option-check.js';
import { PartneroConfigurationError } from '../partnero.configuration-error.js';

/** Options of `postgresOutbox()`. One of the first three. */
export interface PostgresOutboxOptions {
  /** Where PostgreSQL is. Default: `DATABASE_URL` in the environment. */
  connectionString?: string | undefined;
  /** A database as pg-boss takes it, such as `fromKnex(knex)` or one with a pool of your own. */
  db?: IDatabase | undefined;
  /** A pg-boss of your own. It is started if it isn't yet, and left running. */
  boss?: PgBoss | undefined;
  /**
   * Where the tables are made, and those of pg-boss unless it is your own. Default `'partnero'`.
   */
  schema?: string | undefined;
  /**
   * So long after the database has last heard of a process, others take over what it held. It has to
   * be longer than the app's event loop is ever blocked. Milliseconds; default 15,000.
   */
  leaseMs?: number | undefined;
}

export interface ResolvedPostgresOptions {
  readonly source:
    { readonly connectionString: string } | { readonly db: IDatabase } | { readonly boss: PgBoss };
  readonly schema: string;
  readonly leaseMs: number;
}

/** @throws PartneroConfigurationError naming the option */
export function resolvePostgresOptions(
  given: PostgresOutboxOptions | undefined,
  environment: NodeJS.ProcessEnv,
): ResolvedPostgresOptions {
  const known = ['connectionString', 'db', 'boss', 'schema', 'leaseMs'];
  const check = new OptionCheck(given, 'postgresOutbox', known);
  const schema = check.string('schema', 'partnero');
  if (!/^[a-z_][a-z0-9_]{0,49}$/.test(schema)) {
    throw new PartneroConfigurationError(
      'postgresOutbox.schema must be of small letters, digits and underscores, at most 50.',
    );
  }
  const leaseMs = check.integer('leaseMs', 15_000, { min: 1_000, max: 3_600_000 });
  return { source: sourceFrom(given ?? {}, check, environment), schema, leaseMs };
}

function sourceFrom(
  { connectionString, db, boss }: PostgresOutboxOptions,
  check: OptionCheck,
  environment: NodeJS.ProcessEnv,
): ResolvedPostgresOptions['source'] {
  const named = [connectionString, db, boss].filter((each) => each !== undefined && each !== null);
  if (named.length > 1) {
    throw new PartneroConfigurationError(
      'postgresOutbox: give one of connectionString, db and boss, not several.',
    );
  }
  if (boss) {
    if (typeof boss.fetch === 'function' && typeof boss.getDb === 'function') return { boss };
    throw check.refuse('boss', boss, 'a PgBoss of pg-boss 12');
  }
  if (db) {
    if (typeof db.executeSql === 'function') return { db };
    throw check.refuse('db', db, 'a database of pg-boss, such as fromKnex(knex)');
  }
  const address = check.string('connectionString') ?? environment['DATABASE_URL']?.trim();
  if (address) return { connectionString: address };
  throw new PartneroConfigurationError(
    'postgresOutbox() needs a database: give connectionString, db or boss, or set DATABASE_URL.',
  );
}

/** Where it is, in words for a log line: no user, no password. */
export function describeSource({ source, schema }: ResolvedPostgresOptions): string {
  const place = `the schema ${schema} of `;
  if (!('connectionString' in source)) return `${place}PostgreSQL`;
  if (!URL.canParse(source.connectionString)) return `${place}PostgreSQL`;
  const { host, pathname } = new URL(source.connectionString);
  return `${place}PostgreSQL on ${host}${pathname}`;
}
