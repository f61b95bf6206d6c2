import type { HistoryEntry, RequeueFilter } from '../history.js';
import type { StoredEntry, StoredFilter } from './operations.js';

export function toEntry({ seq: _, queuedAt, endedAt, ...entry }: StoredEntry): HistoryEntry {
  return { ...entry, queuedAt: new Date(queuedAt), endedAt: toDate(endedAt) };
}

export function toDate(at: number | null): Date | null {
  return at === null ? null : new Date(at);
}

/** Null if it matches nothing. An id that isn't a string must not mean all dead letters. */
export function toFilter(filter: RequeueFilter): StoredFilter | null {
  if (!('id' in filter)) return filter;
  return typeof filter.id === 'string' ? { id: filter.id } : null;
}
