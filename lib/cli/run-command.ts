import { parseArgs } from 'node:util';
import { HistoryFile, HistoryFileError } from '../outbox/sqlite/history-file.js';
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
  --schema   default: partnero`;

const EXPECTED = [HistoryFileError, OutboxError, PartneroConfigurationError];

/** Runs one command. Resolves with its exit code. */
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
    const file = HistoryFile.open(path);
    try {
      const programs = values.program === undefined ? file.programs : [values.program];
      const { json, text } = await command({
        outboxes: programs.map((each) => file.of(each)),
        operands,
        values,
      });
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
    throw new UsageError(error instanceof Error ? error.message : 'Invalid arguments.');
  }
}
