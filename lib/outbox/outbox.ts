import type { PauseReason } from './gate.js';
import type { Job, NewJob, SubmittedJob } from './job.js';
import type { Forgotten, LedgerEntry, OutboxStats, ReplayFilter } from './ledger.js';
import type { SettledVerdict, Verdict } from './verdict.js';

/**
 * The port: keeps jobs until Partnero has them. One instance serves one program; engines may share
 * one store between programs. Every engine passes the same conformance suite.
 */
export interface Outbox {
  /** Where the jobs are, in words for a log line. */
  readonly location: string;

  /**
   * Makes the store ready.
   * @throws PartneroConfigurationError only if the store has never worked, naming the ways out
   */
  open(): Promise<void>;

  /** What the store remembers of the program that its jobs belong to. */
  identity(): Promise<StoredIdentity>;
  remember(identity: Partial<Omit<StoredIdentity, 'salt'>>): Promise<void>;

  /**
   * Keeps a job. Once this resolves, with the job's id, the job survives the process. It is *held*:
   * not delivered before `release`, unless this process dies first.
   *
   * @param replaces a held job that is discarded in the same step
   */
  accept(job: NewJob, replaces?: string): Promise<string>;
  /**
   * Keeps a job, released, as part of a transaction of the app's own: it is there if that commits, and
   * never was if it doesn't. Only engines that can do so have it.
   */
  acceptIn?(transaction: object, job: NewJob): Promise<string>;
  /** The sign-up happened: deliver the job. No second write, so it can't fail. */
  release(id: string): void;
  /** The sign-up failed: never deliver the job. False, and nothing done, if it is released already. */
  discard(id: string): Promise<boolean>;

  /**
   * Keeps a job that is released from the start. Once this resolves, the job survives the process. If
   * its key is taken, it is settled in the same step, and never delivered.
   */
  submit(job: SubmittedJob): Promise<Submitted>;

  /** Up to `max` jobs that this process, and no other, may deliver now. */
  claim(max: number): Promise<Claim>;
  /**
   * Whether a claimed job can't have been given to another process since, as far as that is known here.
   * Only engines that take jobs over from processes that live have it.
   */
  isOurs?(job: Job): boolean;
  /**
   * Writes down how far the delivery of a job has come, for whoever takes it over. False if that is
   * no longer this process: then it must not go on.
   */
  note(job: Job, progress: string): Promise<boolean>;
  /** The job reached its outcome. False if another process has taken the job over meanwhile. */
  settle(job: Job, verdict: SettledVerdict): Promise<boolean>;
  /** An attempt failed: due again after `delayMs`, or dead if it is older than `maxAgeMs`. */
  fail(job: Job, failure: Failure): Promise<'postponed' | 'dead' | 'lost'>;
  /** Not attempted after all: somebody may claim them at once. */
  handBack(jobs: readonly Job[]): Promise<void>;
  /** Something learned about the program as a whole. */
  report(event: GateEvent): Promise<void>;
  /** Called whenever there may be something to claim. `null`: this process claims nothing. */
  onWork(listener: (() => void) | null): void;

  stats(): Promise<OutboxStats>;
  find(customerKey: string): Promise<LedgerEntry[]>;
  dead(): AsyncIterable<LedgerEntry>;
  /** Makes dead jobs pending again; how many. */
  replay(filter: ReplayFilter): Promise<number>;
  /** Erases what is kept of a customer. What is still pending ends as `discarded`, unsent. */
  forget(customerKey: string): Promise<Forgotten>;

  /** Ends what is under way and lets go of the store. What isn't delivered stays in it. */
  close(): Promise<void>;
}

/** What handing over a job came to. */
export interface Submitted {
  readonly id: string;
  /** How it ended at once, because its key was taken; `null` if it will be delivered. */
  readonly outcome: string | null;
}

export interface StoredIdentity {
  /** Random, made by the store; fingerprints of API keys are hashed with it. */
  readonly salt: string;
  /** Fingerprint of the key that was last seen to work. */
  readonly keyHash: string | null;
  /** Partnero's public id of the program, once known. */
  readonly publicId: string | null;
}

export interface Claim {
  readonly jobs: Job[];
  /** The program's breaker is open, and this one job tests whether Partnero is back. */
  readonly testing: boolean;
  /** Partnero refused the API key; it is time to ask again whether it works. */
  readonly probeKey: boolean;
  /** When it is worth asking again, if `onWork` doesn't say so before. `null`: no need to. */
  readonly wakeAt: number | null;
}

export interface Failure {
  readonly reason: string;
  readonly delayMs: number;
  readonly maxAgeMs: number;
  /** Whether the job was let through to test an open breaker. */
  readonly testing: boolean;
  /** True if the failure says nothing about Partnero's health. */
  readonly jobOnly: boolean;
  /** True if it wasn't an attempt, but a wait: no patience is used up. */
  readonly waiting?: boolean | undefined;
}

export type GateEvent =
  | { readonly type: 'rate_limited'; readonly retryAfterMs: number | undefined }
  | { readonly type: 'key_refused' }
  | { readonly type: 'key_accepted' };

/** Why nothing is sent just now. */
export type PausedBecause = PauseReason | 'breaker' | 'no_key' | 'wrong_program' | 'unverified_key';

/** How an outbox is made; what `sqliteOutbox()` and its like return. */
export interface OutboxDefinition {
  readonly engine: string;
  /** Replaces the module's `acceptTimeoutMs` where accepting takes longer by nature. */
  readonly acceptTimeoutMs?: number | undefined;
  /** Whether jobs outlive the process, so that `record()` may promise to keep what it is given. */
  readonly durable: boolean;
  /** Whether there is a store already that knows this program. Must not create one. */
  knows(program: string): Promise<boolean>;
  create(context: OutboxContext): Outbox;
}

export interface OutboxContext {
  readonly program: string;
  readonly requestsPerMinute: number | undefined;
  /** No job is due later than that from now, unless a clock was wrong. Milliseconds. */
  readonly maxBackoffMs: number;
  readonly ledgerDays: number;
  /** How long a sign-up may wait for its job to be kept. Milliseconds; default 250. */
  readonly acceptTimeoutMs?: number | undefined;
  readonly log: OutboxLog;
  /** Fingerprint of the API key in use, for pauses that hold for one key only. */
  keyHash(): string | null;
  /** For an engine that delivers while it accepts. */
  deliver(job: Job, signal: AbortSignal): Promise<Verdict>;
}

export interface OutboxLog {
  log(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}
