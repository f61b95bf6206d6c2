import { parseArgs } from 'node:util';
import { LedgerFile, LedgerFileError } from '../outbox/sqlite/ledger-file.js';
import { resolveSqliteOptions } from '../outbox/sqlite/sqlite.options.js';
import { PartneroConfigurationError } from '../partnero.configuration-error.js';
import { OutboxError } from '../outbox/outbox.error.js';
import { COMMANDS, type Arguments } from './commands.js';
import {
  isPostgresCommand,
  runPostgresCommand,
  type PostgresArguments,
} from './postgres-commands.js';
import { UsageError } from './usage.error.js';

export interface Terminal {
  out: (text: string) => void;
  err: (text: string) => void;
}

const USAGE = `Usage: nestjs-partnero outbox <command> [--file <path>] [--program <name>] [--json]

  stats                          the sums of each program, what is pending, whether delivery is paused
  find <customer key>            why was, or wasn't, this customer credited?
  dead                           what was given up
  replay --all                   delivers again what was given up: all of it,
         --customer <key>        a customer's,
         --id <id>               or one job
  forget <customer key>          erases what is kept of a customer

  --file     default: PARTNERO_OUTBOX_PATH, else .partnero/outbox.db
  --program  default: every program in the file
  --json     for machines

An app may be running on the file meanwhile.

On PostgreSQL:
  migrate                        creates or updates the outbox's tables
  status                         lists the migrations; exit code 1 while one is pending
  sql                            prints the SQL of all migrations, to run by hand

  --url      connection string. Default: DATABASE_URL
  --schema   default: partnero`;

const EXPECTED = [LedgerFileError, OutboxError, PartneroConfigurationError];

/** Runs one command and resolves with its exit code. */
export async function runCommand(args: readonly string[], { out, err }: Terminal): Promise<number> {
  try {
    const { positionals, values } = parse(args);
    const [group, name, ...operands] = positionals;
    if (values.help || group === undefined) {
      out(USAGE);
      return 0;
    }
    if (group === 'outbox' && isPostgresCommand(name)) {
      if (operands.length > 0) throw new UsageError(`${name} takes no '${operands.join(' ')}'.`);
      const { json, text, exitCode = 0 } = await runPostgresCommand(name, values, process.env);
      out(values.json ? JSON.stringify(json, null, 2) : text);
      return exitCode;
    }
    const command = group === 'outbox' && name !== undefined ? COMMANDS.get(name) : undefined;
    if (!command) throw new UsageError(`There is no command '${positionals.join(' ')}'.`);
    const { path } = resolveSqliteOptions({ path: values.file }, process.env);
    const file = LedgerFile.open(path);
    try {
      const programs = values.program === undefined ? file.programs : [values.program];
      const { json, text } = command({ file, programs, operands, values });
      out(values.json ? JSON.stringify(json, null, 2) : text);
    } finally {
      file.close();
    }
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      err(`${error.message}\n\n${USAGE}`);
      return 2;
    }
    if (!EXPECTED.some((type) => error instanceof type)) throw error;
    err((error as Error).message);
    return 1;
  }
}

function parse(args: readonly string[]): {
  positionals: string[];
  values: Arguments & PostgresArguments;
} {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        file: { type: 'string' },
        program: { type: 'string' },
        url: { type: 'string' },
        schema: { type: 'string' },
        json: { type: 'boolean' },
        all: { type: 'boolean' },
        customer: { type: 'string' },
        id: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'These arguments make no sense.');
  }
}
