import type { Job } from '../outbox/job.js';
import type { LedgerEntry } from '../outbox/ledger.js';

/** A job that isn't settled, as the books have it: field, value, field, value. */
export type FlatRow = readonly [id: string, fields: readonly string[]];

/** What the script `claim` says of a job that may be delivered. */
export type ClaimedRow = readonly [
  kind: string,
  lane: string,
  ref: string,
  payload: string,
  at: string,
  attempts: string,
  progress: string,
  hasProgress: number,
];

/** A settled job, as the ledger has it. */
interface StoredEntry {
  readonly id: string;
  readonly kind: string;
  readonly ref?: string | undefined;
  readonly key?: string | undefined;
  readonly acceptedAt: number;
  readonly settledAt: number;
  readonly attempts: number;
  readonly outcome: string;
  readonly reason?: string | undefined;
  readonly detail?: string | undefined;
}

export function toJob(id: string, row: ClaimedRow): Job {
  const [kind, lane, ref, payload, at, attempts, progress, hasProgress] = row;
  return {
    id,
    kind,
    lane,
    referralKey: ref === '' ? null : ref,
    payload,
    acceptedAt: Number(at),
    attempts: Number(attempts),
    progress: hasProgress ? progress : null,
  };
}

export function rowToEntry(program: string, [id, flat]: FlatRow): LedgerEntry {
  const row = unflatten(flat);
  const dead = row['state'] === 'dead';
  return {
    id,
    program,
    kind: row['kind'] ?? '',
    customerKey: row['lane'] ?? '',
    key: row['key'] ?? null,
    referralKey: row['ref'] ?? null,
    state: dead ? 'dead' : 'pending',
    outcome: dead ? 'dead' : null,
    reason: row['reason'] ?? null,
    detail: null,
    attempts: Number(row['attempts'] ?? 0),
    acceptedAt: new Date(Number(row['at'])),
    settledAt: row['ended'] === undefined ? null : new Date(Number(row['ended'])),
  };
}

export function textToEntry(program: string, customerKey: string, text: string): LedgerEntry {
  const entry = JSON.parse(text) as StoredEntry;
  const { id, kind, outcome, attempts, detail } = entry;
  return {
    id,
    program,
    kind,
    customerKey,
    key: entry.key ?? null,
    referralKey: entry.ref ?? null,
    state: 'settled',
    outcome,
    reason: entry.reason ?? null,
    detail: detail === undefined ? null : (JSON.parse(detail) as Record<string, unknown>),
    attempts,
    acceptedAt: new Date(entry.acceptedAt),
    settledAt: new Date(entry.settledAt),
  };
}

export function unflatten(flat: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i]!] = flat[i + 1]!;
  return fields;
}
