import type { Pause } from './delivery.js';

/** The status of one job: why a customer was, or wasn't, credited. */
export interface HistoryEntry {
  readonly id: string;
  readonly program: string;
  readonly jobName: string;
  readonly customerKey: string;
  /** What a job that takes effect once is identified by, such as a transaction's key. */
  readonly key: string | null;
  readonly referralKey: string | null;
  readonly state: 'pending' | 'dead' | 'completed';
  /** `null` while pending. */
  readonly outcome: string | null;
  /** Of the outcome; while pending, of the last failed attempt. Statuses and names of fields only. */
  readonly reason: string | null;
  readonly detail: Readonly<Record<string, unknown>> | null;
  readonly attempts: number;
  readonly queuedAt: Date;
  /** When the job completed or moved to the dead letters. */
  readonly endedAt: Date | null;
}

/** Counts that add up: `queued` = the sum of `outcomes` + `dead` + `pending`. */
export interface JobCounts {
  readonly queued: number;
  readonly pending: number;
  readonly dead: number;
  /** Completed jobs by outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** The counts and the state of one program's outbox. */
export interface OutboxStats extends JobCounts {
  readonly program: string;
  readonly location: string;
  /** The same counts by job name. */
  readonly jobs: Readonly<Record<string, JobCounts>>;
  readonly oldestPendingAt: Date | null;
  /** Why nothing is sent just now, if so. */
  readonly paused: Pause | null;
  /** Whether jobs can be saved just now, and if not, why. */
  readonly storage: { readonly ok: boolean; readonly problem: string | null };
}

/** The result of erasing a customer from the history. */
export interface Forgotten {
  /** Entries that were deleted. */
  readonly forgotten: number;
  /** Jobs that are being sent or held just now. They weren't touched: ask again. */
  readonly inFlight: number;
}

/** Which dead letters to deliver again. */
export type RequeueFilter =
  | { readonly id: string }
  | { readonly customerKey?: string | undefined; readonly jobName?: string | undefined };
