import type { DatabaseSync } from 'node:sqlite';
import { JobState } from './jobs.table.js';
import { ProgramsTable, type ProgramRow } from './programs.table.js';
import { readableRows, type JobRow } from './readable-rows.js';
import type { Store } from './store.js';

/** A store, and who this process is in it. */
export interface Side {
  readonly store: Store;
  readonly owner: number;
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
    to.store.transaction(() => {
      for (const program of from.store.programs.rows()) to.store.programs.copy(program);
      for (const row of rows) insert(row, from.owner, to, now);
    });
    for (const row of rows) from.store.jobs.remove(row.seq);
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
  to.store.transaction(() => {
    for (const program of readablePrograms(from.db)) to.store.programs.copy(program);
    for (const row of readableRows(from.db)) {
      if (!isOurs(row['owner'] as number | null)) continue;
      insert(row, from.owner, to, now);
      saved += 1;
    }
  });
  return saved;
}

function insert(row: JobRow, owner: number | null, to: Side, now: number): void {
  const { jobs, counters } = to.store;
  const mine = row['owner'] !== null && row['owner'] === owner;
  const taken = jobs.has(row.seq);
  jobs.insertRow({
    ...row,
    // A taken number is another job's: this one gets a new one and starts again.
    seq: taken ? null : row.seq,
    owner: mine && !taken ? to.owner : null,
  });
  const { program, kind, lane } = row;
  counters.count(program, kind, 'accepted');
  counters.count(program, kind, row.state === JobState.Dead ? 'dead' : 'pending');
  // Its owner may be gone, or what it waited for in its lane.
  jobs.promote(program, lane, now);
}

function readablePrograms(db: DatabaseSync): ProgramRow[] {
  try {
    return new ProgramsTable(db).rows();
  } catch {
    // They are made anew by who uses them.
    return [];
  }
}
