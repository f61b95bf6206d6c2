import type { LedgerEntry, ReplayFilter } from '../outbox/ledger.js';
import type { FileStats, LedgerFile } from '../outbox/sqlite/ledger-file.js';
import { table } from './table.js';
import { UsageError } from './usage.error.js';

/** Options of the command line. */
export interface Arguments {
  file?: string | undefined;
  program?: string | undefined;
  json?: boolean | undefined;
  all?: boolean | undefined;
  customer?: string | undefined;
  id?: string | undefined;
  help?: boolean | undefined;
}

interface Request {
  file: LedgerFile;
  programs: readonly string[];
  operands: readonly string[];
  values: Arguments;
}

/** What a command found, for machines and for people. */
interface Result {
  json: unknown;
  text: string;
}

export const COMMANDS: ReadonlyMap<string, (request: Request) => Result> = new Map([
  ['stats', stats],
  ['find', find],
  ['dead', dead],
  ['replay', replay],
  ['forget', forget],
]);

function stats({ file, programs }: Request): Result {
  const all = programs.map((program) => file.stats(program));
  return { json: all, text: all.map(describe).join('\n\n') || 'No app has used this outbox yet.' };
}

function describe({
  program,
  accepted,
  outcomes,
  dead: given,
  pending,
  ...rest
}: FileStats): string {
  const { oldestPendingAt, paused } = rest;
  const rows = Object.entries({ ...outcomes, dead: given, pending }).map(([name, n]) => [name, n]);
  const lines = [table([['outcome', 'jobs'], ...rows, ['accepted', accepted]])];
  if (oldestPendingAt) lines.push(`The oldest that is pending: ${oldestPendingAt.toISOString()}`);
  if (paused) lines.push(`Paused (${paused.reason})${until(paused.until)}`);
  return `Program ${program}\n${lines.join('\n')}`;
}

function until(at: Date | null): string {
  return at ? `, goes on or asks again at ${at.toISOString()}` : '';
}

function find(request: Request): Result {
  const key = theCustomer(request);
  const entries = request.programs.flatMap((program) => request.file.find(program, key));
  return {
    json: entries,
    text: entries.length > 0 ? list(entries) : `Nothing is known of ${key}.`,
  };
}

function dead({ file, programs }: Request): Result {
  const entries = programs.flatMap((program) => [...file.dead(program)]);
  return { json: entries, text: entries.length > 0 ? list(entries) : 'Nothing was given up.' };
}

function replay({ file, programs, values }: Request): Result {
  const filter = filterFrom(values);
  const replayed = programs.reduce((sum, program) => sum + file.replay(program, filter), 0);
  return { json: { replayed }, text: `${replayed} will be delivered again.` };
}

function filterFrom({ all, customer, id }: Arguments): ReplayFilter {
  if ([all, customer, id].filter((each) => each !== undefined).length !== 1) {
    throw new UsageError('replay takes one of --all, --customer <key> and --id <id>.');
  }
  return id === undefined ? { customerKey: customer } : { id };
}

function forget(request: Request): Result {
  const key = theCustomer(request);
  const result = { forgotten: 0, underWay: 0 };
  for (const program of request.programs) {
    const { forgotten, underWay } = request.file.forget(program, key);
    result.forgotten += forgotten;
    result.underWay += underWay;
  }
  const left = result.underWay > 0 ? ` ${result.underWay} are being sent just now: ask again.` : '';
  return { json: result, text: `${result.forgotten} erased.${left}` };
}

function theCustomer({ operands }: Request): string {
  const [key, ...more] = operands;
  if (key === undefined || more.length > 0) throw new UsageError('It takes one customer key.');
  return key;
}

function list(entries: readonly LedgerEntry[]): string {
  const heads = [
    'id',
    'program',
    'kind',
    'customer',
    'referral',
    'fate',
    'reason',
    'tries',
    'accepted',
    'settled',
  ];
  const rows = entries.map((entry) => [
    entry.id,
    entry.program,
    entry.kind,
    entry.customerKey,
    entry.referralKey ?? '',
    entry.outcome ?? entry.state,
    entry.reason ?? '',
    entry.attempts,
    entry.acceptedAt.toISOString(),
    entry.settledAt?.toISOString() ?? '',
  ]);
  return table([heads, ...rows]);
}
