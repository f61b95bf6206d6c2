import type { LedgerEntry, OutboxStats } from '../ledger.js';
import type { StoredEntry, StoredStats } from './protocol.js';

// Times cross the threads as numbers: a date of the other thread would be no `Date` of this one.

export function toLedgerEntry(stored: StoredEntry): LedgerEntry {
  const { acceptedAt, settledAt } = stored;
  return { ...stored, acceptedAt: new Date(acceptedAt), settledAt: toDate(settledAt) };
}

/** What the file says of a program, without what only this process knows. */
export function toStats(
  stored: StoredStats,
): Omit<OutboxStats, 'program' | 'location' | 'storage'> {
  const { oldestPendingAt, paused } = stored;
  return {
    ...stored,
    oldestPendingAt: toDate(oldestPendingAt),
    paused: paused && { reason: paused.reason, until: new Date(paused.until) },
  };
}

function toDate(at: number | null): Date | null {
  return at === null ? null : new Date(at);
}
