import type { SQLInputValue } from 'node:sqlite';
import type { Store } from './store.js';

interface Side {
  readonly store: Store;
  readonly owner: number;
}

type Row = Record<string, SQLInputValue> & { program: string; kind: string };

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
    ) as Row[];
    to.store.transaction(() => {
      for (const program of from.store.programs.rows()) to.store.programs.copy(program);
      for (const row of rows) insert(row, from, to, now);
    });
    for (const row of rows) from.store.jobs.remove(Number(row['seq']));
    return rows.length;
  });
}

function insert(row: Row, from: Side, to: Side, now: number): void {
  const { jobs, counters } = to.store;
  const mine = row['owner'] === from.owner;
  const taken = jobs.has(Number(row['seq']));
  jobs.insertRow({
    ...row,
    // A taken number is another job's: this one gets a new one and starts again.
    seq: taken ? null : row['seq']!,
    owner: mine && !taken ? to.owner : null,
    due: mine && taken ? now : row['due']!,
  });
  const { program, kind } = row;
  counters.count(program, kind, 'accepted');
  if (row['state'] === 1) counters.count(program, kind, 'dead');
}
