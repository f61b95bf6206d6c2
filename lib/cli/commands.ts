import { printable } from '../common/printable-log.js';
import { ERASURE } from '../erasure/job-name.js';
import type { HistoryEntry, OutboxStats, RequeueFilter } from '../outbox/history.js';
import type { OutboxEngine } from '../outbox/outbox-engine.js';
import { explain } from '../program/explain.js';
import type { Values } from './arguments.js';
import type { CommandResult } from './command-result.js';
import { table } from './table.js';
import { UsageError } from './usage.error.js';

interface Request {
  /** Of the file. */
  path: string;
  /** One for each program. */
  outboxes: readonly OutboxEngine[];
  operands: readonly string[];
  values: Values;
}

export type Command = (request: Request) => Promise<CommandResult>;

export const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['stats', stats],
  ['find', find],
  ['dead-letters', deadLetters],
  ['requeue', requeue],
  ['forget', forget],
]);

async function stats({ outboxes, operands }: Request): Promise<CommandResult> {
  checkNone(operands);
  const all = await inTurn(outboxes, (outbox) => outbox.stats());
  // The file doesn't know whether the app pauses.
  const json = all.map(({ paused: _, ...counts }) => counts);
  return { json, text: all.map(describe).join('\n\n') || 'No app has used this outbox yet.' };
}

function describe({ program, queued, outcomes, dead, pending, ...rest }: OutboxStats): string {
  const { oldestPendingAt } = rest;
  const rows = Object.entries({ ...outcomes, dead, pending });
  const lines = [table([['outcome', 'jobs'], ...rows, ['queued', queued]])];
  if (oldestPendingAt) {
    lines.push(`The oldest pending job was queued at ${oldestPendingAt.toISOString()}.`, PENDING);
  }
  if (dead > 0) lines.push('The dead letters: nestjs-partnero outbox dead-letters');
  return `Program ${printable(program)}\n${lines.join('\n')}`;
}

const PENDING =
  'If it stays pending: is the app running? Pauses are known to the app alone. Its log says if ' +
  'Partnero rejects the API key or is unreachable, and so does partnero.outbox.stats().paused.';

async function find(request: Request): Promise<CommandResult> {
  const key = theCustomer(request);
  const entries = (await inTurn(request.outboxes, (outbox) => outbox.find(key))).flat();
  return {
    json: entries,
    text: entries.length > 0 ? list(entries) : noJobs(key, request.path),
  };
}

function noJobs(key: string, path: string): string {
  return `There are no jobs of the customer ${printable(key)} in ${printable(path)}. Check:
- Is that the id that your sign-up returns, or that your mapper gives as the customer's key?
- Is that the file that the app uses? Its log names it at boot; --file looks into another one.
- Did the sign-up come with a referral key? Those without one aren't queued: see
  partnero.outbox.stats().notAccepted in the app.
- Could it be saved? If not, the app logged "An attribution is lost".
- Was the customer erased? Then their history is gone too.
- How long ago was it? Completed jobs are deleted after historyDays, 90 days by default.`;
}

async function deadLetters({ outboxes, operands }: Request): Promise<CommandResult> {
  checkNone(operands);
  const entries: HistoryEntry[] = [];
  for (const outbox of outboxes) {
    for await (const entry of outbox.deadLetters()) entries.push(entry);
  }
  return { json: entries, text: entries.length > 0 ? list(entries) : 'There are no dead letters.' };
}

async function requeue({ outboxes, operands, values }: Request): Promise<CommandResult> {
  checkNone(operands);
  const filter = filterFrom(values);
  const counts = await inTurn(outboxes, (outbox) => outbox.requeue(filter));
  const requeued = counts.reduce((sum, n) => sum + n, 0);
  const text =
    requeued > 0
      ? `${jobs(requeued)} will be delivered again, by the app if it is running.`
      : 'No dead letter matches, so nothing will be delivered again. To list them: nestjs-partnero outbox dead-letters';
  return { json: { requeued }, text };
}

function filterFrom({ all, customer, id }: Values): RequeueFilter {
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
    result.inFlight > 0
      ? ` ${jobs(result.inFlight)} can't be erased yet, being sent or about to delete the customer at Partnero: run it again later.`
      : '';
  return { json: result, text: `${jobs(result.forgotten)} erased.${left}` };
}

const jobs = (n: number): string => (n === 1 ? '1 job' : `${n} jobs`);

async function inTurn<T>(
  outboxes: readonly OutboxEngine[],
  work: (outbox: OutboxEngine) => Promise<T>,
) {
  const results: T[] = [];
  for (const outbox of outboxes) results.push(await work(outbox));
  return results;
}

function checkNone(operands: readonly string[]): void {
  if (operands.length > 0) throw new UsageError(`This command takes no '${operands.join(' ')}'.`);
}

function theCustomer({ operands }: Request): string {
  const [key, ...more] = operands;
  if (key === undefined || more.length > 0)
    throw new UsageError('This command takes one customer key, the id of your user.');
  return key;
}

function list(entries: readonly HistoryEntry[]): string {
  const heads = COLUMNS.map(([head]) => head);
  return table([heads, ...entries.map((entry) => COLUMNS.map(([, cell]) => cell(entry)))]);
}

const COLUMNS: readonly [head: string, cell: (entry: HistoryEntry) => string | number][] = [
  ['id', ({ id }) => id],
  ['program', ({ program }) => program],
  ['job', ({ jobName }) => jobName],
  ['customer', ({ customerKey }) => customerKey],
  ['key', ({ key }) => key ?? ''],
  ['referral', ({ referralKey }) => referralKey ?? ''],
  ['status', ({ outcome, state }) => outcome ?? state],
  ['failures', ({ attempts }) => attempts],
  ['queued', ({ queuedAt }) => queuedAt.toISOString()],
  ['ended', ({ endedAt }) => endedAt?.toISOString() ?? ''],
  ['meaning', explain],
];
