import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Job, NewJob } from '../job.js';
import type { AcceptRequest } from './protocol.js';

export const JobState = { Pending: 0, Dead: 1, Settled: 2 } as const;
export type JobState = (typeof JobState)[keyof typeof JobState];

/** What a decision about a row needs to know of it. */
export interface OwnedRow {
  seq: number;
  kind: string;
  lane: string;
  attempts: number;
  failedAt: number | null;
  excusedMs: number | null;
}

/** How a row ends. */
export interface Ending {
  state: Exclude<JobState, typeof JobState.Pending>;
  outcome: string;
  reason: string | null;
  detail: string | null;
  now: number;
}

// Numbers of an empty file begin at the second in which its first job comes: a row that is moved from
// a file that was deleted or set aside keeps its number.
const firstNumber = () => Math.floor((Date.now() - Date.UTC(2026, 0, 1)) / 1_000) * 1_024;

/** So many entries of an index are read in no time. */
const FEW = 1_000;

/** The rows of the jobs and the rule of their lanes; counts nothing, decides nothing. */
export class JobsTable {
  private readonly sql: Record<StatementName, StatementSync>;
  private readonly oldestSeq = new Map<string, number>();

  constructor(
    private readonly db: DatabaseSync,
    private readonly owner: () => number,
  ) {
    const prepared = Object.entries(STATEMENTS).map(([name, sql]) => [name, db.prepare(sql)]);
    this.sql = Object.fromEntries(prepared) as Record<StatementName, StatementSync>;
  }

  /** Inserts a job that this process holds; its number, negative if it isn't first of its lane. */
  insert(program: string, job: AcceptRequest): number {
    const [kind, lane, referralKey, payload, acceptedAt] = job;
    const blocked = this.sql.blocked.get(program, lane) !== undefined;
    const { lastInsertRowid } = this.sql.insert.run(
      firstNumber(),
      program,
      kind,
      lane,
      referralKey,
      payload,
      acceptedAt,
      this.owner(),
    );
    return blocked ? -Number(lastInsertRowid) : Number(lastInsertRowid);
  }

  /** Inserts a job that is nobody's, due if it is the first of its lane; its number. */
  insertFree(program: string, job: NewJob, key: string | null, now: number): number {
    const { kind, lane, referralKey, payload, acceptedAt } = job;
    const blocked = this.sql.blocked.get(program, lane) !== undefined;
    const due = blocked ? null : now;
    const values = [program, kind, lane, referralKey, payload, acceptedAt, due, key] as const;
    return Number(this.sql.insertFree.run(firstNumber(), ...values).lastInsertRowid);
  }

  note(seq: number, progress: string): void {
    this.sql.note.run(progress, seq);
  }

  owned(program: string, id: string): OwnedRow | undefined {
    return this.sql.owned.get(Number(id), program, this.owner()) as OwnedRow | undefined;
  }

  due(program: string, now: number, limit: number, horizon: number): Job[] {
    const rows = this.sql.due.all(program, now, limit);
    // A due time further ahead than any backoff is left over from a clock that was wrong.
    const found = rows.length > 0 ? rows : this.sql.astray.all(program, now + horizon, limit);
    return found as unknown as Job[];
  }

  nextDue(program: string, now: number): number | null {
    return (this.sql.nextDue.get(program, now)?.['due'] ?? null) as number | null;
  }

  take(id: string): void {
    this.sql.take.run(this.owner(), Number(id));
  }

  end(seq: number, ending: Ending): void {
    const sql = ending.state === JobState.Dead ? this.sql.bury : this.sql.settle;
    sql.run(ending.outcome, ending.reason, ending.detail, ending.now, seq);
  }

  postpone(seq: number, due: number, reason: string, now: number, excusedMs: number): void {
    this.sql.postpone.run(due, reason, now, excusedMs, seq);
  }

  /** Due later, without having been tried. */
  wait(seq: number, due: number, reason: string): void {
    this.sql.wait.run(due, reason, seq);
  }

  /** Gives up ownership: due now, or when its turn in the lane comes. */
  free(id: string, now: number): void {
    this.sql.free.run(now, Number(id), this.owner());
  }

  /** The same for one that is known to be the first of its lane. */
  freeHead(id: string, now: number): void {
    this.sql.freeHead.run(now, Number(id), this.owner());
  }

  freeAllOf(owner: number, programs: readonly string[], now: number): number {
    let freed = 0;
    for (const program of programs) {
      freed += Number(this.sql.freeAllOf.run(now, program, owner).changes);
    }
    return freed;
  }

  /** Makes the first job of a lane due, if nobody owns it. True if there was one. */
  promote(program: string, lane: string, now: number): boolean {
    const first = this.sql.first.get(program, lane) as unknown as
      { seq: number; state: JobState; owner: number | null; due: number | null } | undefined;
    if (!first || first.state !== JobState.Pending) return false;
    if (first.owner !== null || first.due !== null) return false;
    this.sql.setDue.run(now, first.seq);
    return true;
  }

  revive(seq: number): void {
    this.sql.revive.run(seq);
  }

  /** The last row only loses what it says: its number must not be given to another job. */
  remove(seq: number): void {
    if (this.sql.remove.run(seq).changes === 0) this.sql.blank.run(seq);
  }

  /** When the oldest of so many pending jobs was accepted. */
  oldestPending(program: string, pending: number): number | null {
    if (pending <= 0) return null;
    if (pending <= FEW) return this.sql.oldest.get(program)?.['at'] as number | null;
    // Of very many, the first by number, looked for from where it was found last.
    const from = this.oldestSeq.get(program) ?? 0;
    const first = this.sql.firstPending.get(from, program) as
      { seq: number; at: number } | undefined;
    if (first) this.oldestSeq.set(program, first.seq);
    return first?.at ?? null;
  }

  has(seq: number): boolean {
    return this.sql.has.get(seq) !== undefined;
  }

  /** A row as another file of this format had it; its number here. */
  insertRow(row: Record<string, SQLInputValue>): number {
    const values = COLUMNS.map((name) => row[name] ?? null);
    return Number(this.sql.insertRow.run(...values).lastInsertRowid);
  }

  select(sql: string, ...values: SQLInputValue[]): unknown[] {
    return this.db.prepare(sql).all(...values);
  }
}

type StatementName = keyof typeof STATEMENTS;

const FIRST_OF_LANE = `NOT EXISTS (
  SELECT 1 FROM jobs AS earlier
  WHERE earlier.program = jobs.program AND earlier.lane = jobs.lane AND earlier.state < 2
    AND earlier.seq < jobs.seq)`;
const JOB = `CAST(seq AS TEXT) AS id, kind, lane, referral_key AS referralKey, payload,
  accepted_at AS acceptedAt, attempts, progress`;
const UNOWNED = 'state = 0 AND program = ? AND owner IS NULL';

const COLUMNS = [
  'seq',
  'program',
  'kind',
  'lane',
  'referral_key',
  'payload',
  'accepted_at',
  'state',
  'owner',
  'due',
  'attempts',
  'failed_at',
  'excused_ms',
  'outcome',
  'reason',
  'detail',
  'settled_at',
  'key',
  'progress',
];

const STATEMENTS = {
  blocked: 'SELECT 1 FROM jobs WHERE program = ? AND lane = ? AND state < 2 LIMIT 1',
  insert: `INSERT INTO jobs
    (seq, program, kind, lane, referral_key, payload, accepted_at, owner, state, attempts)
    VALUES ((SELECT coalesce(max(seq), ?) + 1 FROM jobs), ?, ?, ?, ?, ?, ?, ?, 0, 0)`,
  insertFree: `INSERT INTO jobs
    (seq, program, kind, lane, referral_key, payload, accepted_at, due, key, state, attempts)
    VALUES ((SELECT coalesce(max(seq), ?) + 1 FROM jobs), ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)`,
  note: 'UPDATE jobs SET progress = ? WHERE seq = ?',
  owned: `SELECT seq, kind, lane, attempts, failed_at AS failedAt, excused_ms AS excusedMs
    FROM jobs WHERE seq = ? AND program = ? AND owner = ? AND state = 0`,
  due: `SELECT ${JOB} FROM jobs WHERE ${UNOWNED} AND due <= ? ORDER BY due LIMIT ?`,
  astray: `SELECT ${JOB} FROM jobs WHERE ${UNOWNED} AND due > ? LIMIT ?`,
  nextDue: `SELECT due FROM jobs WHERE ${UNOWNED} AND due > ? ORDER BY due LIMIT 1`,
  take: 'UPDATE jobs SET owner = ?, due = NULL WHERE seq = ?',
  settle: `UPDATE jobs SET state = 2, owner = NULL, due = NULL, payload = NULL, progress = NULL,
    outcome = ?, reason = ?, detail = ?, settled_at = ? WHERE seq = ?`,
  bury: `UPDATE jobs SET state = 1, owner = NULL, due = NULL, attempts = attempts + 1,
    outcome = ?, reason = ?, detail = ?, settled_at = ? WHERE seq = ?`,
  wait: 'UPDATE jobs SET owner = NULL, due = ?, reason = ? WHERE seq = ?',
  postpone: `UPDATE jobs SET owner = NULL, due = ?, attempts = attempts + 1, reason = ?,
    failed_at = coalesce(failed_at, ?), excused_ms = coalesce(excused_ms, ?) WHERE seq = ?`,
  free: `UPDATE jobs SET owner = NULL, due = CASE WHEN ${FIRST_OF_LANE} THEN ? END
    WHERE seq = ? AND owner = ? AND state = 0`,
  freeHead: 'UPDATE jobs SET owner = NULL, due = ? WHERE seq = ? AND owner = ? AND state = 0',
  freeAllOf: `UPDATE jobs SET owner = NULL, due = CASE WHEN ${FIRST_OF_LANE} THEN ? END
    WHERE state = 0 AND program = ? AND owner = ?`,
  first: `SELECT seq, state, owner, due FROM jobs
    WHERE program = ? AND lane = ? AND state < 2 ORDER BY seq LIMIT 1`,
  setDue: 'UPDATE jobs SET due = ? WHERE seq = ?',
  oldest: `SELECT min(accepted_at) AS at FROM jobs INDEXED BY jobs_open
    WHERE state = 0 AND program = ?`,
  firstPending: `SELECT seq, accepted_at AS at FROM jobs NOT INDEXED
    WHERE seq >= ? AND state = 0 AND program = ? ORDER BY seq LIMIT 1`,
  revive: `UPDATE jobs SET state = 0, owner = NULL, due = NULL, attempts = 0, failed_at = NULL,
    excused_ms = NULL, outcome = NULL, reason = NULL, detail = NULL, settled_at = NULL
    WHERE seq = ?`,
  has: 'SELECT 1 FROM jobs WHERE seq = ?',
  insertRow: `INSERT INTO jobs (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`,
  remove: 'DELETE FROM jobs WHERE seq = ?1 AND seq < (SELECT max(seq) FROM jobs)',
  blank: `UPDATE jobs SET lane = '', referral_key = NULL, payload = NULL, key = NULL, state = 2 WHERE seq = ?`,
} as const;
