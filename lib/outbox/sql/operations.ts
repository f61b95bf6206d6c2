import type { Forgotten, HistoryEntry } from '../history.js';
import type { Job, NewJob, SubmittedJob } from '../job.js';
import type { Counter } from '../job-counts.js';
import type { Rescheduling } from '../relay.js';

/** What is asked of the store, and what it replies. Each is atomic; several share a transaction. */
export interface Operations {
  registerProgram: { args: object; reply: void };
  programId: { args: object; reply: string | null };
  saveProgramId: { args: { id: string }; reply: void };
  /** Held by `owner`; without one, released. Replies whether it is first in its order. */
  enqueue: { args: Enqueued; reply: boolean };
  /** Replies with the outcome if the job's key was taken. */
  submit: { args: SubmittedJob & { id: string }; reply: string | null };
  claim: { args: { owner: string; limit: number; horizonMs: number }; reply: ClaimedJobs };
  saveCheckpoint: { args: Claim & { checkpoint: string }; reply: boolean };
  complete: { args: Completion; reply: Completed };
  reschedule: { args: Claim & Rescheduling; reply: 'rescheduled' | 'dead' | 'lost' };
  release: { args: { owner: string; ids: readonly string[] }; reply: void };
  ownedIds: { args: { owner: string }; reply: string[] };
  heartbeat: { args: Owner; reply: { registered: boolean; others: OtherOwner[] } };
  /** Frees the jobs of these owners, and of owners that are gone. Replies with the number of jobs. */
  takeOver: { args: { owners: Pick<OtherOwner, 'token' | 'seenAt'>[] }; reply: number };
  unregister: { args: { token: string }; reply: void };
  stats: { args: object; reply: { counters: Counter[]; oldestPendingAt: number | null } };
  find: { args: { orderingKey: string }; reply: StoredEntry[] };
  recent: { args: { limit: number }; reply: StoredEntry[] };
  deadLetters: { args: { after: number; limit: number }; reply: StoredEntry[] };
  requeue: { args: StoredFilter; reply: number };
  /** What is pending or dead and of the name `keeps` stays. */
  forget: { args: { orderingKey: string; keeps: string }; reply: Forgotten };
  /** Deletes old entries among the next ones behind `after`. Replies where to go on. */
  purge: { args: { olderThanMs: number; after: number }; reply: number | null };
}

export type OperationName = keyof Operations;
export type Args<N extends OperationName> = Operations[N]['args'];
export type Reply<N extends OperationName> = Operations[N]['reply'];
export type Operation<N extends OperationName = OperationName> = {
  [K in N]: { name: K; program: string; args: Args<K> };
}[N];

/** Of one operation, in a form that crosses threads. */
export type OperationResult = { ok: true; value: unknown } | { ok: false; failure: StoreFailure };

export interface StoreFailure {
  /** The database's or the system's code, such as `SQLITE_FULL`, `57P01` or `EACCES`. */
  code: string;
  message: string;
  /** The commit may have happened all the same. */
  mayBeSaved?: boolean;
}

export type Enqueued = NewJob & {
  id: string;
  owner: string | null;
  /** A job held by the same owner that is discarded in the same step. */
  replaces?: string | undefined;
};

/** A job that an owner has claimed or holds. Every write for it is refused to anybody else. */
export interface Claim {
  id: string;
  owner: string;
}

export interface ClaimedJobs {
  jobs: Job[];
  /** When the next job is due. */
  nextDueInMs: number | null;
}

export interface Completion extends Claim {
  outcome: string;
  reason?: string | undefined;
  /** JSON. */
  detail?: string | undefined;
  releasesKey?: boolean | undefined;
  purgesHistory?: boolean | undefined;
}

export interface Completed {
  /** False if the claim was lost. */
  ours: boolean;
  /** Another job of the same order waits. */
  next: boolean;
}

/** A process that uses the store. */
export interface Owner {
  token: string;
  host: string;
  pidNamespace: string;
  pid: number;
}

export interface OtherOwner extends Owner {
  seenAt: number;
  silentMs: number;
}

export interface StoredFilter {
  id?: string | undefined;
  customerKey?: string | undefined;
  jobName?: string | undefined;
}

/** Times are numbers: a Date from another thread isn't an instance of this thread's Date. */
export type StoredEntry = Omit<HistoryEntry, 'queuedAt' | 'endedAt'> & {
  seq: number;
  queuedAt: number;
  endedAt: number | null;
};
