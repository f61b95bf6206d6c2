import { ERASURE } from '../erasure/job-name.js';
import type { HistoryEntry, OutboxStats, RequeueFilter } from '../outbox/history.js';
import type { OutboxEngine } from '../outbox/outbox-engine.js';
import type { CommandResult } from './command-result.js';
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
  /** One for each program. */
  outboxes: readonly OutboxEngine[];
  operands: readonly string[];
  values: Arguments;
}

export type Command = (request: Request) => Promise<CommandResult>;

export const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['stats', stats],
  ['find', find],
  ['dead-letters', deadLetters],
  ['requeue', requeue],
  ['forget', forget],
]);

async function stats({ outboxes }: Request): Promise<CommandResult> {
  const all = await inTurn(outboxes, (outbox) => outbox.stats());
  return { json: all, text: all.map(describe).join('\n\n') || 'No app has used this outbox yet.' };
}

function describe({ program, queued, outcomes, dead, pending, ...rest }: OutboxStats): string {
  const { oldestPendingAt } = rest;
  const rows = Object.entries({ ...outcomes, dead, pending });
  const lines = [table([['outcome', 'jobs'], ...rows, ['queued', queued]])];
  if (oldestPendingAt) lines.push(`The oldest pending job: ${oldestPendingAt.toISOString()}`);
  return `Program ${program}\n${lines.join('\n')}`;
}

async function find(request: Request): Promise<CommandResult> {
  const key = theCustomer(request);
  const entries = (await inTurn(request.outboxes, (outbox) => outbox.find(key))).flat();
  return {
    json: entries,
    text: entries.length > 0 ? list(entries) : `There are no jobs of ${key}.`,
  };
}

async function deadLetters({ outboxes }: Request): Promise<CommandResult> {
  const entries: HistoryEntry[] = [];
  for (const outbox of outboxes) {
    for await (const entry of outbox.deadLetters()) entries.push(entry);
  }
  return { json: entries, text: entries.length > 0 ? list(entries) : 'There are no dead letters.' };
}

async function requeue({ outboxes, values }: Request): Promise<CommandResult> {
  const filter = filterFrom(values);
  const counts = await inTurn(outboxes, (outbox) => outbox.requeue(filter));
  const requeued = counts.reduce((sum, n) => sum + n, 0);
  return { json: { requeued }, text: `${requeued} will be delivered again.` };
}

function filterFrom({ all, customer, id }: Arguments): RequeueFilter {
  if ([all, customer, id].filter((each) => each !== undefined).length !== 1) {
    throw new UsageError('requeue takes one of --all, --customer <key> and --id <id>.');
  }
  return id === undefined ? { customerKey: customer } : { id };
}

async function forget(request: Request): Promise<CommandResult> {
  const key = theCustomer(request);
  const result = { forgotten: 0, inFlight: 0 };
  for (const outbox of request.outboxes) {
    const { forgotten, inFlight } = await outbox.forget(key, ERASURE);
    result.forgotten += forgotten;
    result.inFlight += inFlight;
  }
  const left =
    result.inFlight > 0 ? ` ${result.inFlight} are being sent just now: run it again.` : '';
  return { json: result, text: `${result.forgotten} erased.${left}` };
}

async function inTurn<T>(
  outboxes: readonly OutboxEngine[],
  work: (outbox: OutboxEngine) => Promise<T>,
) {
  const results: T[] = [];
  for (const outbox of outboxes) results.push(await work(outbox));
  return results;
}

function theCustomer({ operands }: Request): string {
  const [key, ...more] = operands;
  if (key === undefined || more.length > 0) throw new UsageError('It takes one customer key.');
  return key;
}

function list(entries: readonly HistoryEntry[]): string {
  const heads = [
    'id',
    'program',
    'job',
    'customer',
    'referral',
    'status',
    'reason',
    'attempts',
    'queued',
    'ended',
  ];
  const rows = entries.map((entry) => [
    entry.id,
    entry.program,
    entry.jobName,
    entry.customerKey,
    entry.referralKey ?? '',
    entry.outcome ?? entry.state,
    entry.reason ?? '',
    entry.attempts,
    entry.queuedAt.toISOString(),
    entry.endedAt?.toISOString() ?? '',
  ]);
  return table([heads, ...rows]);
}
