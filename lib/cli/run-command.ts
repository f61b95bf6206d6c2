import { parseArgs } from 'node:util';
import { HistoryFile, HistoryFileError } from '../outbox/sqlite/history-file.js';
import { resolveSqliteOptions } from '../outbox/sqlite/sqlite.options.js';
import { COMMANDS, type Arguments } from './commands.js';
import { UsageError } from './usage.error.js';

export interface Terminal {
  out: (text: string) => void;
  err: (text: string) => void;
}

const USAGE = `Usage: nestjs-partnero outbox <command> [--file <path>] [--program <name>] [--json]

  stats                          the counts of each program, and whether delivery is paused
  find <customer key>            the jobs of a customer: why were they, or weren't they, credited?
  dead-letters                   the jobs that failed permanently
  requeue --all                  delivers dead letters again: all,
          --customer <key>       those of a customer,
          --id <id>              or one
  forget <customer key>          erases a customer from the history

  --file     default: PARTNERO_OUTBOX_PATH, else .partnero/outbox.db
  --program  default: every program in the file
  --json     prints JSON

The app may run meanwhile.`;

/** Runs one command. Resolves with its exit code. */
export async function runCommand(args: readonly string[], { out, err }: Terminal): Promise<number> {
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
    const file = HistoryFile.open(path);
    try {
      const programs = values.program === undefined ? file.programs : [values.program];
      const { json, text } = await command({ file, programs, operands, values });
      out(values.json ? JSON.stringify(json, null, 2) : text);
    } finally {
      await file.close();
    }
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      err(`${error.message}\n\n${USAGE}`);
      return 2;
    }
    if (!(error instanceof HistoryFileError)) throw error;
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
    throw new UsageError(error instanceof Error ? error.message : 'Invalid arguments.');
  }
}
