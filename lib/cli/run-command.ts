import { parseArgs } from 'node:util';
import { LedgerFile, LedgerFileError } from '../outbox/sqlite/ledger-file.js';
import { resolveSqliteOptions } from '../outbox/sqlite/sqlite.options.js';
import { COMMANDS, type Arguments } from './commands.js';
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

An app may be running on the file meanwhile.`;

/** Runs one command; its exit code. */
export function runCommand(args: readonly string[], { out, err }: Terminal): number {
  try {
    const { positionals, values } = parse(args);
    const [group, name, ...operands] = positionals;
    if (values.help || group === undefined) {
      out(USAGE);
      return 0;
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
    if (!(error instanceof LedgerFileError)) throw error;
    err(error.message);
    return 1;
  }
}

function parse(args: readonly string[]): { positionals: string[]; values: Arguments } {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        file: { type: 'string' },
        program: { type: 'string' },
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
