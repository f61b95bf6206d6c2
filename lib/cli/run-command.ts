import { PartneroError } from '../api/partnero.error.js';
import { errorMessage } from '../common/error-message.js';
import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';
import { printable } from '../common/printable-log.js';
import { OutboxError } from '../outbox/outbox.error.js';
import { HistoryFile, HistoryFileError } from '../outbox/sqlite/history-file.js';
import { resolveSqliteOptions } from '../outbox/sqlite/sqlite.options.js';
import { VERSION } from '../version.js';
import { parse, type Values } from './arguments.js';
import type { CommandResult } from './command-result.js';
import { COMMANDS, type Command } from './commands.js';
import { isPostgresCommand, POSTGRES_COMMANDS, runPostgresCommand } from './postgres-commands.js';
import { MissingSettingError, UsageError } from './usage.error.js';

export interface Terminal {
  out: (text: string) => void;
  err: (text: string) => void;
}

const USAGE = `Usage: nestjs-partnero outbox <command> [--file <path>] [--program <name>] [--json]

  stats                          the counts of each program
  find <customer key>            the jobs of a customer: why were they, or weren't they, credited?
  dead-letters                   the jobs that failed permanently
  requeue --all                  delivers dead letters again: all,
          --customer <key>       those of a customer,
          --id <id>              or one
  forget <customer key>          erases a customer from the history

  --file     default: PARTNERO_OUTBOX_PATH, else .partnero/outbox.db
  --program  default: every program in the file
  --json     prints JSON

The app may run meanwhile.

On PostgreSQL:
  migrate                        creates or updates the outbox's tables
  status                         lists the migrations; exit code 1 while one is pending
  sql                            prints the SQL of all migrations, to run by hand

  --url      connection string. Default: DATABASE_URL
  --schema   default: partnero

Usage: nestjs-partnero webhooks <command> --url <address of your route> [--json]

  ensure --events <names>        creates or updates the webhook at Partnero, and prints its secret. Needs
                                 PARTNERO_API_KEY. Run it at deploy, as often as you like
  test [--events <name>]         sends a signed event to your route, and says what the response means

  --events   names of events, separated by commas. test sends one that has no handler by default
  --data     data of the event that test sends, in JSON
  --name     what a new webhook is called in Partnero. Default: nestjs-partnero
  --secret   of the webhook. Default: PARTNERO_WEBHOOK_SECRET
  --header   the header with the signature. Default: Signature

Usage: nestjs-partnero fake [--port <number>] [--partner <key>]...

  Runs a fake of Partnero, to try your app without an account, and prints what it receives.

  --port     default: 4010
  --partner  a partner's referral key; repeat it for several. Default: ann

--help shows this, --version the version.`;

const EXPECTED = [HistoryFileError, OutboxError, PartneroConfigurationError, PartneroError];

/** Runs one command. Resolves with its exit code. */
export async function runCommand(args: readonly string[], { out, err }: Terminal): Promise<number> {
  try {
    const { positionals, values } = parse(args);
    const [group, name, ...operands] = positionals;
    if (values.version) {
      out(VERSION);
      return 0;
    }
    if (values.help || group === undefined) {
      out(USAGE);
      return 0;
    }
    if (group === 'fake') {
      // Imported here, since no other command needs a server.
      const { runFake } = await import('./fake-command.js');
      await runFake(values, out);
      return 0;
    }
    const { json, text, exitCode = 0 } = await run(group, name, operands, values, err);
    out(values.json ? JSON.stringify(json, null, 2) : text);
    return exitCode;
  } catch (error) {
    if (error instanceof UsageError) {
      err(`${error.message}\nFor all commands and options: npx nestjs-partnero --help`);
      return 2;
    }
    if (error instanceof MissingSettingError) {
      err(error.message);
      return 2;
    }
    if (!EXPECTED.some((type) => error instanceof type)) throw error;
    err((error as Error).message);
    return 1;
  }
}

async function run(
  group: string,
  name: string | undefined,
  operands: readonly string[],
  values: Values,
  note: (text: string) => void,
): Promise<CommandResult> {
  if (group === 'outbox' && name !== undefined && COMMANDS.has(name)) {
    if (values.url !== undefined) {
      throw new UsageError(`${name} reads a file: --file, not --url. See the docs on PostgreSQL.`);
    }
    return runOnFile(COMMANDS.get(name)!, operands, values);
  }
  const isPostgres = group === 'outbox' && isPostgresCommand(name);
  if (!isPostgres && group !== 'webhooks') {
    const known = [...COMMANDS.keys(), ...POSTGRES_COMMANDS].join(', ');
    throw new UsageError(
      group === 'outbox'
        ? `outbox takes one of these commands: ${known}.`
        : `There is no command '${[group, name].join(' ').trim()}'.`,
    );
  }
  if (operands.length > 0) throw new UsageError(`${name} takes no '${operands.join(' ')}'.`);
  if (isPostgres) return runPostgresCommand(name, values, process.env);
  const { runWebhookCommand } = await import('./webhook-commands.js');
  return runWebhookCommand(name, values, process.env, note);
}

async function runOnFile(
  command: Command,
  operands: readonly string[],
  values: Values,
): Promise<CommandResult> {
  const { path } = resolveSqliteOptions({ path: values.file }, process.env);
  const file = HistoryFile.open(path);
  try {
    const programs = programsOf(file, path, values.program);
    const outboxes = programs.map((each) => file.of(each));
    return await command({ path, outboxes, operands, values });
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_SQLITE_ERROR') throw error;
    throw new HistoryFileError(`${path} can't be used just now: ${errorMessage(error)}.`);
  } finally {
    file.close();
  }
}

function programsOf({ programs }: HistoryFile, path: string, wanted?: string): string[] {
  if (wanted === undefined) return programs;
  if (programs.includes(wanted)) return [wanted];
  const known = programs.map((name) => `'${name}'`).join(', ');
  throw new HistoryFileError(
    `There is no program '${printable(wanted)}' in ${path}. It has: ${printable(known)}.`,
  );
}
