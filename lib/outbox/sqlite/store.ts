import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  admit,
  answered,
  countedAge,
  failed,
  pausedBy,
  spendMore,
  told,
  type GateState,
} from '../gate.js';
import type { JobKey, SubmittedJob } from '../job.js';
import type { Forgotten } from '../ledger.js';
import type { Submitted } from '../outbox.js';
import { CountersTable } from './counters.table.js';
import { KeysTable, type KeyHolder } from './keys.table.js';
import { JobsTable, JobState, type Ending, type OwnedRow } from './jobs.table.js';
import { countJobs, deadEntries, deadMatching, findEntries, jobsOf } from './ledger.queries.js';
import { ProgramsTable } from './programs.table.js';
import type {
  AcceptRequest,
  Call,
  ClaimReply,
  ClaimRequest,
  FailureReport,
  FreeRequest,
  OperationName,
  Operations,
  Settlement,
  StoredStats,
  Touched,
} from './protocol.js';
import { purgeLedger } from './purge.js';

type Handlers = {
  [N in OperationName]: (program: string, ask: Operations[N]['ask']) => Operations[N]['reply'];
};

/** Clocks of two processes on one machine agree, but are read at different moments. */
const CLOCK_SLACK_MS = 10_000;
const GONE: Touched = { ours: false, promoted: false };

/**
 * The outbox in one SQLite file, as seen by one process: every operation synchronous, all that
 * belong together in one transaction. Runs in the worker.
 */
export class Store {
  readonly jobs: JobsTable;
  readonly programs: ProgramsTable;
  readonly counters: CountersTable;
  readonly keys: KeysTable;
  private readonly handlers: Handlers;
  private readonly changes: StatementSync;
  private readonly touched: StatementSync;

  constructor(
    readonly db: DatabaseSync,
    owner: () => number,
  ) {
    this.jobs = new JobsTable(db, owner);
    this.programs = new ProgramsTable(db);
    this.counters = new CountersTable(db);
    this.keys = new KeysTable(db);
    this.changes = db.prepare('SELECT total_changes() AS n');
    this.touched = db.prepare('UPDATE owners SET seen_at = ? WHERE id = ?');
    this.handlers = {
      enroll: (program, { salt }) => this.programs.enroll(program, salt),
      knows: (program) => this.programs.knows(program),
      remember: (program, known) => this.programs.remember(program, known),
      accept: (program, ask) => this.accept(program, ask),
      submit: (program, { job, now }) => this.submit(program, job, now),
      discard: (program, { id, now }) => this.discard(program, id, now),
      free: (_, ask) => this.free(ask),
      claim: (program, ask) => this.claim(program, ask),
      note: (program, ask) => this.note(program, ask),
      settle: (program, ask) => this.settle(program, ask),
      fail: (program, ask) => this.fail(program, ask),
      report: (program, ask) => this.report(program, ask),
      touch: (_, { now }) => void this.touched.run(now, owner()),
      stats: (program, ask) => this.stats(program, ask),
      find: (program, { customerKey }) => findEntries(this.jobs, program, customerKey),
      dead: (program, { after }) => deadEntries(this.jobs, program, after),
      replay: (program, ask) => this.replay(program, ask),
      forget: (program, ask) => this.forget(program, ask),
      purge: (program, ask) => purgeLedger(this, program, ask),
    };
  }

  /** Rows changed since the file was opened: tells whether a transaction wrote anything. */
  get changeCount(): number {
    return Number(this.changes.get()?.['n']);
  }

  /** Runs calls in one transaction: all of them, or none. */
  run(calls: readonly Call[]): unknown[] {
    return this.transaction(() =>
      calls.map(([name, program, ask]) => {
        const handler = this.handlers[name] as (program: string, ask: unknown) => unknown;
        return handler(program, ask);
      }),
    );
  }

  transaction<T>(work: () => T): T {
    this.programs.forget();
    this.db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.programs.flush();
      this.counters.flush();
      this.db.exec('COMMIT');
      return result;
    } catch (error) {
      this.programs.forget();
      this.counters.forget();
      this.rollback();
      throw error;
    }
  }

  /** Whatever a dead owner held or delivered may be claimed again. */
  recover(owner: number, now: number): number {
    const programs = this.programs.rows().map((row) => row.name);
    return this.jobs.freeAllOf(owner, programs, now);
  }

  private accept(program: string, ask: AcceptRequest): number {
    const [kind, , , , acceptedAt, replaces] = ask;
    if (replaces !== undefined) this.discard(program, replaces, acceptedAt);
    this.counters.count(program, kind, 'accepted');
    this.counters.count(program, kind, 'pending');
    return this.jobs.insert(program, ask);
  }

  private submit(program: string, given: SubmittedJob, now: number): Submitted {
    const { kind, key, withdraws } = given;
    const undone = withdraws && this.keys.holderOf(program, withdraws.kind, withdraws.key);
    const job = undone ? { ...given, lane: undone.lane } : given;
    const holder = key && this.keys.holderOf(program, kind, key.value);
    const seq = this.jobs.insertFree(program, job, key?.value ?? null, now);
    this.counters.count(program, kind, 'accepted');
    this.counters.count(program, kind, 'pending');
    const id = String(seq);
    if (key && holder) {
      const outcome = outcomeBehind(key, holder);
      const ending = { state: JobState.Settled, outcome, reason: null, detail: null, now };
      this.end(program, { seq, kind, lane: job.lane }, ending);
      return { id, outcome };
    }
    const { lane } = job;
    if (key) this.keys.hold(program, kind, key.value, { digest: key.digest, lane, seq });
    if (withdraws) {
      this.keys.hold(program, withdraws.kind, withdraws.key, { digest: null, lane, seq });
    }
    return { id, outcome: null };
  }

  private note(program: string, { id, progress }: Operations['note']['ask']): boolean {
    const row = this.jobs.owned(program, id);
    if (row) this.jobs.note(row.seq, progress);
    return row !== undefined;
  }

  private free({ heads, others, now }: FreeRequest): void {
    for (const id of heads) this.jobs.freeHead(id, now);
    for (const id of others) this.jobs.free(id, now);
  }

  private discard(program: string, id: string, now: number): Touched {
    const row = this.jobs.owned(program, id);
    if (!row) return GONE;
    const ending = { state: JobState.Settled, outcome: 'discarded', now };
    return this.end(program, row, { ...ending, reason: null, detail: null });
  }

  private claim(program: string, ask: ClaimRequest): ClaimReply {
    const { now, want } = ask;
    const found = this.jobs.due(program, now, want, ask.maxBackoffMs + CLOCK_SLACK_MS);
    const admission = admit(this.programs.gate(program), {
      now,
      want: Math.min(want, found.length + ask.ready),
      keyHash: ask.keyHash,
      requestsPerMinute: ask.requestsPerMinute,
    });
    this.programs.setGate(program, admission.state);
    const jobs = found.slice(0, admission.allowed);
    for (const job of jobs) this.jobs.take(job.id);
    const { pause, breaker } = admission.state;
    return {
      jobs,
      allowed: admission.allowed - jobs.length,
      testing: admission.probe === 'job',
      probeKey: admission.probe === 'key',
      wakeAt: admission.wakeAt ?? this.jobs.nextDue(program, now),
      open: !pause && !breaker && !ask.requestsPerMinute,
    };
  }

  private settle(program: string, ask: Settlement): Touched {
    if (ask.requests > 0) {
      this.changeGate(program, (gate) => spendMore(answered(gate), ask.requests - 1));
    }
    const row = this.jobs.owned(program, ask.id);
    if (!row) return GONE;
    if (ask.freesKey) this.keys.free(row.seq);
    const ended = this.end(program, row, { ...ask, state: JobState.Settled });
    if (ask.forgets) this.forgetEnded(program, row.lane);
    return ended;
  }

  private fail(program: string, ask: FailureReport): Operations['fail']['reply'] {
    const { now, reason, testing } = ask;
    if (!ask.jobOnly) this.changeGate(program, (gate) => failed(gate, now, testing));
    const row = this.jobs.owned(program, ask.id);
    if (!row) return 'lost';
    if (ask.waiting) {
      this.jobs.wait(row.seq, now + ask.delayMs, reason);
      return 'postponed';
    }
    const gate = this.programs.gate(program);
    if (age(row, gate, now) >= ask.maxAgeMs) {
      this.end(program, row, { state: JobState.Dead, outcome: 'dead', reason, detail: null, now });
      return 'dead';
    }
    this.jobs.postpone(row.seq, now + ask.delayMs, reason, now, gate.excusedMs);
    return 'postponed';
  }

  private report(program: string, { event, keyHash, now }: Operations['report']['ask']): void {
    this.changeGate(program, (gate) => told(gate, event, now, keyHash));
  }

  private stats(program: string, { now, keyHash }: Operations['stats']['ask']): StoredStats {
    const gate = this.programs.gate(program);
    // What the same transaction has changed so far counts too, or the sums wouldn't add up.
    this.counters.flush();
    return {
      ...countJobs(this.jobs, this.counters, program),
      paused: pausedBy(gate, now, keyHash),
    };
  }

  private replay(program: string, { filter, now }: Operations['replay']['ask']): number {
    const rows = deadMatching(this.jobs, program, filter);
    for (const row of rows) {
      this.jobs.revive(row.seq);
      this.counters.count(program, row.kind, 'dead', -1);
      this.counters.count(program, row.kind, 'pending');
    }
    for (const row of rows) this.jobs.promote(program, row.lane, now);
    return rows.length;
  }

  private forget(program: string, { customerKey, now }: Operations['forget']['ask']): Forgotten {
    const rows = jobsOf(this.jobs, program, customerKey);
    const idle = rows.filter(({ owner }) => owner === null);
    for (const row of idle) {
      if (row.state === JobState.Pending) {
        const outcome = 'discarded';
        this.end(program, row, {
          state: JobState.Settled,
          outcome,
          reason: null,
          detail: null,
          now,
        });
      }
      this.remove(row.seq);
    }
    return { forgotten: idle.length, underWay: rows.length - idle.length };
  }

  private forgetEnded(program: string, lane: string): void {
    for (const row of jobsOf(this.jobs, program, lane)) {
      if (row.state === JobState.Settled) this.remove(row.seq);
    }
  }

  /** A job, and the keys that it holds. */
  remove(seq: number): void {
    this.jobs.remove(seq);
    this.keys.free(seq);
  }

  private end(
    program: string,
    row: Pick<OwnedRow, 'seq' | 'kind' | 'lane'>,
    ending: Ending,
  ): Touched {
    this.jobs.end(row.seq, ending);
    this.counters.count(program, row.kind, 'pending', -1);
    this.counters.count(program, row.kind, ending.outcome);
    return { ours: true, promoted: this.jobs.promote(program, row.lane, ending.now) };
  }

  private changeGate(program: string, change: (gate: GateState) => GateState): void {
    this.programs.setGate(program, change(this.programs.gate(program)));
  }

  private rollback(): void {
    try {
      this.db.exec('ROLLBACK');
    } catch {
      // SQLite rolls back by itself after some errors, a full disk among them.
    }
  }
}

function outcomeBehind({ ifTaken, digest }: JobKey, holder: KeyHolder): string {
  if (holder.digest === null) return ifTaken.withdrawn;
  return holder.digest === digest ? ifTaken.same : ifTaken.different;
}

function age(row: OwnedRow, gate: GateState, now: number): number {
  if (row.failedAt === null) return 0;
  return countedAge(gate, { at: row.failedAt, excusedMs: row.excusedMs ?? 0 }, now);
}
