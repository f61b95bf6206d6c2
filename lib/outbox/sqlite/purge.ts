import { JobState } from './jobs.table.js';
import type { Operations } from './protocol.js';
import type { Store } from './store.js';

const CHUNK = 2_000;

/**
 * Deletes what ended before a time, one chunk of the file a call; the counters stay. Returns where
 * to go on, or `null` at the end.
 */
export function purgeLedger(
  store: Store,
  program: string,
  { before, after, now }: Operations['purge']['ask'],
): string | null {
  const { jobs } = store;
  // Every row counts: with a condition, one call might read the whole file.
  const rows = jobs.select(
    `SELECT seq, program, lane, state, settled_at AS settledAt FROM jobs
     WHERE seq > ? ORDER BY seq LIMIT ${CHUNK}`,
    Number(after),
  ) as { seq: number; program: string; lane: string; state: JobState; settledAt: number | null }[];
  const expired = rows.filter(
    (row) => row.program === program && row.settledAt !== null && row.settledAt < before,
  );
  for (const row of expired) store.remove(row.seq);
  for (const row of expired) {
    if (row.state === JobState.Dead) jobs.promote(program, row.lane, now);
  }
  return rows.length < CHUNK ? null : String(rows.at(-1)!.seq);
}
