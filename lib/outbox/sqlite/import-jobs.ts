import type { DatabaseSync } from 'node:sqlite';
import { JobCounter } from '../sql/job-counter.js';
import type { Operation } from '../sql/operations.js';
import type { SqlRow } from '../sql/sql-executor.js';
import { SQL, type OutboxFile } from './outbox-file.js';

const PAGE = 500;
const RANGE = 256;
const MAX_BAD_RANGES = 1_000;

/**
 * Copies what is unfinished from a file that was deleted or replaced into the one at its path. Each
 * process that still has the old file does so, one after the other.
 * @returns how many jobs were copied
 */
export async function importReplaced(from: OutboxFile, to: OutboxFile, owner: string) {
  const saved = await importReadable(from.db, to);
  const read = (sql: string, rows?: SqlRow[]) =>
    attempt(() => from.query(sql, rows ? [JSON.stringify(rows)] : [])) ?? [];
  // The new file may be an older copy of this one: what has completed since must not be sent again.
  for (const page of pagesOf(to.query(SQL.unfinishedIds, []))) {
    const completed = read(SQL.completedOf, page);
    if (completed.length > 0) await completeAll(to, completed, owner);
  }
  // Another process may have copied the jobs that this one had released as if it still held them.
  for (const page of pagesOf(read(SQL.unownedIds))) {
    to.query(SQL.release, [JSON.stringify(page), owner]);
  }
  return saved;
}

/** Copies what is unfinished and can be read, also from a damaged file. */
export async function importReadable(from: DatabaseSync, to: OutboxFile): Promise<number> {
  const read = (sql: string) => attempt(() => from.prepare(sql).all()) ?? [];
  await to.transaction(async () => {
    to.query(SQL.importPrograms, [JSON.stringify(read(SQL.programs))]);
    to.query(SQL.importKeys, [JSON.stringify(read(`${SQL.keys} NOT INDEXED`))]);
    // They have a lease's time to come along themselves.
    for (const { token, host, pidNamespace, pid } of read(SQL.owners)) {
      to.query(SQL.register, [String(token), String(host), String(pidNamespace), Number(pid)]);
    }
  });
  let saved = 0;
  for (const page of pagesOf(readableJobs(from))) {
    saved += await to.transaction(async () => insertAll(page, to));
  }
  return saved;
}

function insertAll(jobs: readonly SqlRow[], to: OutboxFile): number {
  const counter = new JobCounter('');
  const inserted = to.query(SQL.import, [JSON.stringify(jobs)]);
  for (const { program, name, state } of inserted) {
    counter.add(String(program), String(name), 'queued');
    counter.add(String(program), String(name), state === 1 ? 'dead' : 'pending');
  }
  to.query(SQL.count, [JSON.stringify(counter.take())]);
  return inserted.length;
}

async function completeAll(to: OutboxFile, completed: SqlRow[], owner: string): Promise<void> {
  const operations = completed.map((row): Operation => {
    const { id, outcome, reason, detail } = row as Record<string, string | null>;
    const ending = { outcome: outcome!, reason: reason ?? undefined, detail: detail ?? undefined };
    return { name: 'complete', program: '', args: { id: id!, owner, ...ending } };
  });
  await to.transaction(async () => {
    to.query(SQL.claimAs, [JSON.stringify(completed), owner]);
    await to.store.run(operations);
  });
}

/** Rows of the table itself, in small ranges, past what can't be read. An index may be damaged too. */
function* readableJobs(from: DatabaseSync): Generator<SqlRow> {
  const sql = SQL.unfinishedIn.replace('FROM jobs', 'FROM jobs NOT INDEXED');
  const select = attempt(() => from.prepare(sql));
  if (!select) return;
  const last = attempt(() => Number(from.prepare('SELECT max(seq) AS n FROM jobs').get()?.['n']));
  const read = (start: number, end: number) => attempt(() => select.all({ $1: start, $2: end }));
  for (let at = 1, bad = 0; at <= (last ?? Infinity) && bad < MAX_BAD_RANGES; at += RANGE) {
    const rows = read(at, at + RANGE);
    if (last === undefined) bad = rows?.length ? 0 : bad + 1;
    if (rows) yield* rows;
    else for (let one = at; one < at + RANGE; one += 1) yield* read(one, one + 1) ?? [];
  }
}

function* pagesOf(rows: Iterable<SqlRow>): Generator<SqlRow[]> {
  let page: SqlRow[] = [];
  for (const row of rows) {
    page.push(row);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
