import type { DatabaseSync } from 'node:sqlite';
import { JobState } from './jobs.table.js';
import { KeysTable } from './keys.table.js';
import { ProgramsTable, type ProgramRow } from './programs.table.js';
import { readableRows, type JobRow } from './readable-rows.js';
import type { Store } from './store.js';

/** A store, and who this process is in it. */
export interface Side {
  readonly store: Store;
  readonly owner: number;
}

/** Where jobs come from: as much of a store as can be read. */
interface Origin {
  readonly owner: number | null;
  readonly keys: KeysTable | null;
}

/**
 * Moves what isn't settled from a file that was deleted or replaced into the one that stands in its
 * place. Of several processes that still see the old file, each job is moved by one. Jobs keep their
 * numbers, so that those under way can be settled.
 */
export function moveJobs(from: Side, to: Side, now: number): number {
  return from.store.transaction(() => {
    const rows = from.store.jobs.select(
      'SELECT * FROM jobs WHERE state < 2 AND (owner IS NULL OR owner = ?) ORDER BY seq',
      from.owner,
    ) as JobRow[];
    const origin = { owner: from.owner, keys: from.store.keys };
    to.store.transaction(() => {
      for (const program of from.store.programs.rows()) to.store.programs.copy(program);
      for (const row of rows) insert(row, origin, to, now);
    });
    for (const row of rows) from.store.remove(row.seq);
    return rows.length;
  });
}

/**
 * Copies what can still be read of a damaged file that was set aside, and stays as it is.
 * @param isOurs whether the jobs of that owner are ours to take; nobody's have `null`
 */
export function salvageJobs(
  from: { readonly db: DatabaseSync; readonly owner: number | null },
  to: Side,
  isOurs: (owner: number | null) => boolean,
  now: number,
): number {
  let saved = 0;
  const origin = { owner: from.owner, keys: readableKeys(from.db) };
  to.store.transaction(() => {
    for (const program of readablePrograms(from.db)) to.store.programs.copy(program);
    for (const row of readableRows(from.db)) {
      if (!isOurs(row['owner'] as number | null)) continue;
      insert(row, origin, to, now);
      saved += 1;
    }
  });
  return saved;
}

function insert(row: JobRow, from: Origin, to: Side, now: number): void {
  const { jobs, counters, keys } = to.store;
  const mine = row['owner'] !== null && row['owner'] === from.owner;
  const taken = jobs.has(row.seq);
  const seq = jobs.insertRow({
    ...row,
    // A taken number is another job's: this one gets a new one and starts again.
    seq: taken ? null : row.seq,
    owner: mine && !taken ? to.owner : null,
  });
  const { program, kind, lane } = row;
  copyKeys(from.keys, keys, row.seq, seq);
  counters.count(program, kind, 'accepted');
  counters.count(program, kind, row.state === JobState.Dead ? 'dead' : 'pending');
  // Its owner may be gone, or what it waited for in its lane.
  jobs.promote(program, lane, now);
}

function copyKeys(from: KeysTable | null, to: KeysTable, seq: number, as: number): void {
  try {
    from?.copyTo(to, seq, as);
  } catch {
    // A key that nobody holds costs a look-up at Partnero, which comes before each sending anyhow.
  }
}

function readableKeys(db: DatabaseSync): KeysTable | null {
  try {
    return new KeysTable(db);
  } catch {
    return null;
  }
}

function readablePrograms(db: DatabaseSync): ProgramRow[] {
  try {
    return new ProgramsTable(db).rows();
  } catch {
    // They are made anew by who uses them.
    return [];
  }
}
