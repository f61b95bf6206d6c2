import { transact } from '../postgres/bounded-transaction.js';
import { migrate, sqlOf, status } from '../postgres/migrations.js';
import { connect } from '../postgres/own-pool.js';
import { toStoreError } from '../postgres/postgres-error.js';
import type { PostgresExecutor } from '../postgres/postgres-executor.js';
import { checkSchema } from '../postgres/postgres.options.js';
import type { Values } from './arguments.js';
import type { CommandResult } from './command-result.js';
import { table } from './table.js';
import { MissingSettingError } from './usage.error.js';

type Command = (executor: PostgresExecutor, schema: string) => Promise<CommandResult>;

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['migrate', applyMigrations],
  ['status', showStatus],
]);

/** The commands that are about the tables in PostgreSQL. */
export const POSTGRES_COMMANDS: readonly string[] = [...COMMANDS.keys(), 'sql'];

export function isPostgresCommand(name: string | undefined): name is string {
  return POSTGRES_COMMANDS.includes(name ?? '');
}

/** @throws Error whose message is meant for the user */
export async function runPostgresCommand(
  name: string,
  { url, schema = 'partnero' }: Pick<Values, 'url' | 'schema'>,
  environment: NodeJS.ProcessEnv,
): Promise<CommandResult> {
  checkSchema(schema, '--schema');
  const command = COMMANDS.get(name);
  if (!command) return { json: { sql: sqlOf(schema) }, text: sqlOf(schema) };
  const address = url ?? environment['DATABASE_URL']?.trim();
  if (!address) {
    throw new MissingSettingError(
      `${name} is for postgresOutbox(), and needs --url <connection string>, or DATABASE_URL. For the default ` +
        'outbox, a file, there is outbox stats.',
    );
  }
  const executor = connect(address);
  try {
    return await command(executor, schema);
  } catch (error) {
    throw toStoreError(error);
  } finally {
    await executor.close?.();
  }
}

async function applyMigrations(executor: PostgresExecutor, schema: string): Promise<CommandResult> {
  const applied = await migrate(executor, schema);
  const json = applied.map(({ version, name }) => ({ version, name }));
  const lines = applied.map(({ version, name }) => `Applied migration ${version}: ${name}.`);
  return { json, text: lines.join('\n') || `The schema "${schema}" is up to date.` };
}

/** Fails while migrations are pending, so that a deployment can ask for it. */
async function showStatus(executor: PostgresExecutor, schema: string): Promise<CommandResult> {
  const all = await transact(executor, (tx) => status(tx, schema));
  const json = all.map(({ version, name, appliedAt }) => ({ version, name, appliedAt }));
  const rows = json.map(({ version, name, appliedAt }) => [
    version,
    name,
    appliedAt?.toISOString() ?? 'pending',
  ]);
  const exitCode = all.some(({ appliedAt }) => appliedAt === null) ? 1 : 0;
  return { json, text: table([['version', 'migration', 'applied'], ...rows]), exitCode };
}
