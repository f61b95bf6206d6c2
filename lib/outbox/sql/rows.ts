import type { Job } from '../job.js';
import type { OtherOwner, StoredEntry } from './operations.js';
import type { SqlRow } from './sql-executor.js';

// Databases return some numbers as strings.

/** By the number in the column `state`. */
export const STATES = ['pending', 'dead', 'completed'] as const;

export function rowToJob({ seq: _, queuedAt, attempts, ...row }: SqlRow): Job {
  return { ...row, queuedAt: Number(queuedAt), attempts: Number(attempts) } as Job;
}

export function rowToOwner({ pid, seenAt, silentMs, ...row }: SqlRow): OtherOwner {
  const times = { seenAt: Number(seenAt), silentMs: Number(silentMs) };
  return { ...row, ...times, pid: Number(pid) } as OtherOwner;
}

export function rowToEntry({
  state,
  detail,
  queuedAt,
  endedAt,
  seq,
  attempts,
  ...row
}: SqlRow): StoredEntry {
  return {
    ...row,
    state: STATES[Number(state)]!,
    detail: typeof detail === 'string' ? (JSON.parse(detail) as StoredEntry['detail']) : null,
    attempts: Number(attempts),
    queuedAt: Number(queuedAt),
    endedAt: endedAt === null ? null : Number(endedAt),
    seq: Number(seq),
  } as StoredEntry;
}

/** Of several jobs of an order in one statement, PostgreSQL calls each of them the first. */
export function firstOfEachOrder(rows: readonly SqlRow[]): Set<string> {
  const orders = new Map<string, SqlRow>();
  for (const row of rows.toSorted((a, b) => Number(b['seq']) - Number(a['seq']))) {
    orders.set(`${String(row['program'])}\n${String(row['ordering'])}`, row);
  }
  const first = [...orders.values()].filter((row) => Boolean(row['first']));
  return new Set(first.map((row) => String(row['id'])));
}

/** A column that holds a string; `null` if it doesn't, or if there is no such row. */
export function text(row: SqlRow | undefined, column: string): string | null {
  const value = row?.[column];
  return typeof value === 'string' ? value : null;
}
