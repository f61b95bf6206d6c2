import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';
import { postgresDialect } from '../outbox/sql/dialect.js';
import { schema } from '../outbox/sql/schema.js';
import type { SqlExecutor } from '../outbox/sql/sql-executor.js';
import { transact } from './bounded-transaction.js';
import type { PostgresExecutor } from './postgres-executor.js';

/** A change to the outbox's tables. */
export interface Migration {
  /** 1, 2, …, in the order in which they are applied. */
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
}

/** A migration, and when it was applied; `null`: not yet. */
export type MigrationStatus = Migration & { readonly appliedAt: Date | null };

/** All migrations of a schema. Released ones never change. */
export function migrations(schemaName: string): readonly Migration[] {
  const tables = schema(postgresDialect(schemaName));
  return [{ version: 1, name: 'create the outbox', statements: tables }];
}

/**
 * Which migrations are applied.
 * @throws PartneroConfigurationError if a newer version of nestjs-partnero has migrated the schema
 */
export async function status(tx: SqlExecutor, schemaName: string): Promise<MigrationStatus[]> {
  const applied = await appliedTo(tx, schemaName);
  const all = migrations(schemaName);
  const newest = Math.max(0, ...applied.keys());
  if (newest > all.length) {
    throw new PartneroConfigurationError(
      `The schema "${schemaName}" was migrated to version ${newest} by a newer nestjs-partnero; this ` +
        `one knows version ${all.length}. Upgrade nestjs-partnero here, or use another schema.`,
    );
  }
  return all.map((each) => ({ ...each, appliedAt: applied.get(each.version) ?? null }));
}

/**
 * Applies what is pending, in one transaction. Processes that do so at once wait for each other.
 * @throws StoreError
 */
export function migrate(executor: PostgresExecutor, schemaName: string): Promise<Migration[]> {
  return transact(executor, async (tx) => {
    // As text, since Prisma can't read `void`.
    const lock = 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))::text';
    await tx.query(lock, [`nestjs-partnero ${schemaName}`]);
    const pending = (await status(tx, schemaName)).filter(({ appliedAt }) => appliedAt === null);
    for (const statement of statementsOf(schemaName, pending)) await tx.query(statement, []);
    return pending;
  });
}

/** The SQL of all migrations, to be run by hand. Does nothing where they are applied. */
export function sqlOf(schemaName: string): string {
  const statements = statementsOf(schemaName, migrations(schemaName));
  return [
    'BEGIN;',
    ...statements.map((statement) => `${statement};`),
    '-- If your app connects as another user:',
    `-- GRANT USAGE ON SCHEMA "${schemaName}" TO your_app;`,
    `-- GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schemaName}" TO your_app;`,
    'COMMIT;',
  ].join('\n');
}

/** Why the app doesn't start while migrations are pending, and the three ways out. */
export function howToMigrate(schemaName: string): string {
  return (
    `The outbox's tables in the schema "${schemaName}" of PostgreSQL are missing or out of date. ` +
    'Before the app starts, run: npx nestjs-partnero outbox migrate. Or print the SQL to run by hand: ' +
    'npx nestjs-partnero outbox sql. Or let the app do it at each start: postgresOutbox({ migrate: true }).'
  );
}

export async function hasTable(
  tx: SqlExecutor,
  schemaName: string,
  name: string,
): Promise<boolean> {
  const sql = 'SELECT to_regclass($1) IS NOT NULL AS "isThere"';
  return (await tx.query(sql, [`"${schemaName}".${name}`]))[0]?.['isThere'] === true;
}

function statementsOf(schemaName: string, pending: readonly Migration[]): string[] {
  if (pending.length === 0) return [];
  return [
    // CREATE SCHEMA IF NOT EXISTS needs the privilege to create one even where it exists.
    `DO $$ BEGIN IF to_regnamespace('"${schemaName}"') IS NULL THEN CREATE SCHEMA "${schemaName}";
      END IF; END $$`,
    `CREATE TABLE IF NOT EXISTS "${schemaName}".migrations (version integer PRIMARY KEY,
      name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
    ...pending.flatMap(({ version, name, statements }) => [
      ...statements,
      `INSERT INTO "${schemaName}".migrations (version, name) VALUES (${version}, '${name}')
        ON CONFLICT (version) DO NOTHING`,
    ]),
  ];
}

async function appliedTo(tx: SqlExecutor, schemaName: string): Promise<Map<number, Date>> {
  if (!(await hasTable(tx, schemaName, 'migrations'))) return new Map();
  const rows = await tx.query(
    `SELECT version, floor(extract(epoch FROM applied_at) * 1000)::bigint AS at
      FROM "${schemaName}".migrations`,
    [],
  );
  return new Map(rows.map(({ version, at }) => [Number(version), new Date(Number(at))]));
}
