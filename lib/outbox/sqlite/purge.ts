import { JobState, type JobsTable } from './jobs.table.js';
import type { Operations } from './protocol.js';

const CHUNK = 2_000;

/**
 * Deletes what ended before a time, one chunk of the file a call; the counters stay. Returns where
 * to go on, or `null` at the end.
 */
export function purgeLedger(
  jobs: JobsTable,
  program: string,
  { before, after, now }: Operations['purge']['ask'],
): string | null {
  const rows = jobs.select(
    `SELECT seq, lane, state, settled_at AS settledAt FROM jobs
     WHERE seq > ? AND accepted_at < ? AND program = ? ORDER BY seq LIMIT ${CHUNK}`,
    Number(after),
    before,
    program,
  ) as { seq: number; lane: string; state: JobState; settledAt: number | null }[];
  const expired = rows.filter((row) => row.settledAt !== null && row.settledAt < before);
  for (const row of expired) jobs.remove(row.seq);
  for (const row of expired) {
    if (row.state === JobState.Dead) jobs.promote(program, row.lane, now);
  }
  return rows.length < CHUNK ? null : String(rows.at(-1)!.seq);
}
