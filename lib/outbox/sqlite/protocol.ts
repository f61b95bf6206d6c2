import type { Job, SubmittedJob } from '../job.js';
import type { Forgotten, JobCounts, LedgerEntry, ReplayFilter } from '../ledger.js';
import type { GateEvent, StoredIdentity, Submitted } from '../outbox.js';

/** What the main thread asks of the worker. Times come along: the worker reads no clock. */
export interface Operations {
  enroll: { ask: { salt: string }; reply: StoredIdentity };
  knows: { ask: object; reply: boolean };
  remember: {
    ask: { keyHash?: string | null; publicId?: string | null };
    reply: void;
  };
  accept: { ask: AcceptRequest; reply: number };
  submit: { ask: { job: SubmittedJob; now: number }; reply: Submitted };
  discard: { ask: { id: string; now: number }; reply: Touched };
  free: { ask: FreeRequest; reply: void };
  claim: { ask: ClaimRequest; reply: ClaimReply };
  note: { ask: { id: string; progress: string }; reply: boolean };
  settle: { ask: Settlement; reply: Touched };
  fail: { ask: FailureReport; reply: 'postponed' | 'dead' | 'lost' };
  report: { ask: { event: GateEvent; keyHash: string | null; now: number }; reply: void };
  /** Writes for the sake of writing: tells whether the disk takes it. */
  touch: { ask: { now: number }; reply: void };
  stats: { ask: { now: number; keyHash: string | null }; reply: StoredStats };
  find: { ask: { customerKey: string }; reply: StoredEntry[] };
  dead: { ask: { after: string }; reply: StoredEntry[] };
  replay: { ask: { filter: ReplayFilter; now: number }; reply: number };
  forget: { ask: { customerKey: string; now: number }; reply: Forgotten };
  purge: { ask: { before: number; after: string; now: number }; reply: string | null };
}

export type OperationName = keyof Operations;

/** One operation on its way to the worker: its name, the program, and what it asks. */
export type Call<N extends OperationName = OperationName> = {
  [K in N]: readonly [K, string, Operations[K]['ask']];
}[N];

/** Whether the row was still ours, and whether another job became due by it. */
export interface Touched {
  ours: boolean;
  promoted: boolean;
}

/**
 * Kind, lane, referral key, payload, time, and the id of the job that this one replaces. A list,
 * since this is the one message on a sign-up's way: names would cost more than what they name. The
 * reply is the job's number, negative if it isn't the first of its lane.
 */
export type AcceptRequest = readonly [
  kind: string,
  lane: string,
  referralKey: string | null,
  payload: string,
  acceptedAt: number,
  replaces: string | undefined,
];

export interface FreeRequest {
  /** Known to be the first of their lanes. */
  heads: readonly string[];
  others: readonly string[];
  now: number;
}

export interface ClaimRequest {
  now: number;
  want: number;
  /** Released jobs that the main thread has at hand. */
  ready: number;
  keyHash: string | null;
  requestsPerMinute: number | undefined;
  maxBackoffMs: number;
}

export interface ClaimReply {
  jobs: Job[];
  /** How many of the jobs at hand may go as well. */
  allowed: number;
  testing: boolean;
  probeKey: boolean;
  wakeAt: number | null;
  /** Nothing stands against sending, until the store says otherwise. */
  open: boolean;
}

export interface Settlement {
  id: string;
  outcome: string;
  reason: string | null;
  detail: string | null;
  requests: number;
  freesKey: boolean;
  forgets: boolean;
  now: number;
}

export interface FailureReport {
  id: string;
  reason: string;
  delayMs: number;
  maxAgeMs: number;
  testing: boolean;
  jobOnly: boolean;
  waiting?: boolean | undefined;
  now: number;
}

/** A ledger entry with times as numbers: the other thread's dates are of another realm. */
export type StoredEntry = Omit<LedgerEntry, 'acceptedAt' | 'settledAt'> & {
  acceptedAt: number;
  settledAt: number | null;
};

export interface StoredStats extends JobCounts {
  kinds: Record<string, JobCounts>;
  oldestPendingAt: number | null;
  paused: { reason: string; until: number } | null;
}

export interface WorkerSettings {
  path: string;
  synchronous: 'normal' | 'full';
}

export type ToWorker =
  | { type: 'open'; n: number; now: number }
  | { type: 'run'; n: number; calls: Call[]; now: number }
  | { type: 'tick'; n: number; now: number }
  | { type: 'close'; n: number; now: number };

export type FromWorker =
  { n: number; ok: true; value: unknown } | { n: number; ok: false; failure: StoreFailure };

/** Of one call in a `run`. */
export type CallResult = { ok: true; value: unknown } | { ok: false; failure: StoreFailure };

export interface StoreFailure {
  /** SQLite's or the system's name of the error, such as `SQLITE_FULL` or `EACCES`. */
  code: string;
  message: string;
}

export interface OpenReply {
  /** False if the file could not be opened; then `failure` says why, and whether it ever worked. */
  opened: boolean;
  failure?: StoreFailure;
  /** The path existed before: what is wrong now may pass. */
  existed: boolean;
  notes: OpenNote[];
}

/** Something to be said once, about where the outbox is. */
export type OpenNote =
  | { type: 'volatile'; filesystem: string }
  | { type: 'shared_filesystem' }
  | { type: 'old_sqlite'; version: string }
  | { type: 'set_aside'; as: string; saved: number };

export interface TickReply {
  /** Jobs taken over from processes that died. */
  recovered: number;
  notes: OpenNote[];
}
