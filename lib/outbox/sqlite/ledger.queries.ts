import { sumCounters } from '../job-counts.js';
import type { ReplayFilter } from '../ledger.js';
import type { CountersTable } from './counters.table.js';
import { JobState, type JobsTable } from './jobs.table.js';
import type { StoredEntry, StoredStats } from './protocol.js';

interface LedgerRow {
  seq: number;
  program: string;
  kind: string;
  lane: string;
  key: string | null;
  referral_key: string | null;
  state: JobState;
  outcome: string | null;
  reason: string | null;
  detail: string | null;
  attempts: number;
  accepted_at: number;
  settled_at: number | null;
}

const COLUMNS = `seq, program, kind, lane, key, referral_key, state, outcome, reason, detail, attempts,
  accepted_at, settled_at`;
const FIND_LIMIT = 1_000;
const PAGE = 200;

export function findEntries(jobs: JobsTable, program: string, customerKey: string): StoredEntry[] {
  const rows = jobs.select(
    `SELECT ${COLUMNS} FROM jobs WHERE program = ? AND lane = ? ORDER BY seq DESC LIMIT ${FIND_LIMIT}`,
    program,
    customerKey,
  );
  return (rows as LedgerRow[]).map(toEntry);
}

/** Whatever is kept of a customer, settled or not. */
export function jobsOf(
  jobs: JobsTable,
  program: string,
  customerKey: string,
): { seq: number; kind: string; lane: string; state: JobState; owner: number | null }[] {
  return jobs.select(
    'SELECT seq, kind, lane, state, owner FROM jobs WHERE program = ? AND lane = ?',
    program,
    customerKey,
  ) as { seq: number; kind: string; lane: string; state: JobState; owner: number | null }[];
}

/** One page of dead jobs behind the id `after`. */
export function deadEntries(jobs: JobsTable, program: string, after: string): StoredEntry[] {
  const rows = jobs.select(
    `SELECT ${COLUMNS} FROM jobs
     WHERE program = ? AND state = 1 AND seq > ? ORDER BY seq LIMIT ${PAGE}`,
    program,
    Number(after),
  );
  return (rows as LedgerRow[]).map(toEntry);
}

export function deadMatching(
  jobs: JobsTable,
  program: string,
  filter: ReplayFilter,
): { seq: number; kind: string; lane: string }[] {
  const id = 'id' in filter ? Number(filter.id) : null;
  // No number would mean: no condition.
  if (id !== null && !Number.isSafeInteger(id)) return [];
  const { customerKey = null, kind = null } = 'id' in filter ? {} : filter;
  return jobs.select(
    `SELECT seq, kind, lane FROM jobs WHERE program = ?1 AND state = 1
       AND (?2 IS NULL OR seq = ?2) AND (?3 IS NULL OR lane = ?3) AND (?4 IS NULL OR kind = ?4)`,
    program,
    id,
    customerKey,
    kind,
  ) as { seq: number; kind: string; lane: string }[];
}

/** All from the counters: to count a million rows would hold up those who sign up meanwhile. */
export function countJobs(
  jobs: JobsTable,
  counters: CountersTable,
  program: string,
): Omit<StoredStats, 'paused'> {
  const sum = sumCounters(counters.of(program));
  return { ...sum, oldestPendingAt: jobs.oldestPending(program, sum.pending) };
}

function toEntry(row: LedgerRow): StoredEntry {
  return {
    id: String(row.seq),
    program: row.program,
    kind: row.kind,
    customerKey: row.lane,
    key: row.key,
    referralKey: row.referral_key,
    state: (['pending', 'dead', 'settled'] as const)[row.state],
    outcome: row.outcome,
    reason: row.reason,
    detail: row.detail === null ? null : (JSON.parse(row.detail) as Record<string, unknown>),
    attempts: row.attempts,
    acceptedAt: row.accepted_at,
    settledAt: row.settled_at,
  };
}
