import type { LedgerEntry } from '../outbox/ledger.js';

/** A ledger entry as the functions tell it. */
export type StoredEntry = Omit<
  LedgerEntry,
  'program' | 'state' | 'detail' | 'acceptedAt' | 'settledAt'
> & {
  readonly state: 0 | 1 | 2;
  readonly detail: string | null;
  readonly acceptedAt: number;
  readonly settledAt: number | null;
};

export function toEntry(program: string, stored: StoredEntry): LedgerEntry {
  const { id, kind, customerKey, key, referralKey, outcome, reason, attempts } = stored;
  const { state, detail, acceptedAt, settledAt } = stored;
  return {
    id,
    program,
    kind,
    customerKey,
    key,
    referralKey,
    state: (['pending', 'dead', 'settled'] as const)[state],
    outcome,
    reason,
    detail: detail === null ? null : (JSON.parse(detail) as Record<string, unknown>),
    attempts,
    acceptedAt: new Date(acceptedAt),
    settledAt: settledAt === null ? null : new Date(settledAt),
  };
}
