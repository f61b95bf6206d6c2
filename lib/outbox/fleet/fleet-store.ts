import type { Job, NewJob, SubmittedJob } from '../job.js';
import type { Forgotten, LedgerEntry, OutboxStats, ReplayFilter } from '../ledger.js';
import type { Failure, GateEvent, StoredIdentity, Submitted } from '../outbox.js';

/**
 * A job that is this process's, and what shows that: nobody else has its fence. A process that was
 * taken for dead finds that its fences no longer count.
 */
export interface Grip {
  readonly id: string;
  readonly fence: string;
  /** What the engine handed out for it; undefined if it was accepted here. */
  readonly token?: string | undefined;
}

/** Who asks for jobs. */
export interface FleetClaimRequest {
  readonly want: number;
  /** Released jobs that this process has at hand. */
  readonly ready: number;
  /** One for each attempt: what an earlier one was given, and could not be told of, is given back. */
  readonly newFence: () => string;
  readonly keyHash: string | null;
}

export interface FleetClaim {
  readonly jobs: readonly { readonly job: Job; readonly grip: Grip }[];
  /** How many of the jobs at hand may go as well. */
  readonly allowed: number;
  readonly testing: boolean;
  readonly probeKey: boolean;
  /** By this machine's clock. */
  readonly wakeAt: number | null;
  /** Nothing stands against sending, until the store says otherwise. */
  readonly open: boolean;
}

/** How a job ends. */
export interface Settlement {
  readonly lane: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly requests: number;
  readonly freesKey: boolean;
  readonly forgets: boolean;
}

/**
 * One program's jobs in a store that several machines share. What a call changes, it changes in one
 * step. Every call that writes may be repeated after an answer that didn't come. Times are the
 * store's own: machines don't agree on theirs.
 */
export interface FleetStore {
  /** Where the jobs are, in words for a log line. */
  readonly location: string;

  /**
   * @throws PartneroConfigurationError for what doesn't come right by itself
   * @throws FleetStoreError if the store is away; it is open all the same, and waits for it
   */
  open(): Promise<void>;
  /** Says that this process lives. Until `leaseMs` later, what it holds isn't given to others. */
  beat(): Promise<void>;
  /** This process ends: what it still holds is free at once, if the store can be told soon. */
  close(held: readonly Grip[]): Promise<void>;

  enroll(salt: string): Promise<StoredIdentity>;
  remember(known: Partial<Omit<StoredIdentity, 'salt'>>): Promise<void>;

  /** Keeps a job that is this process's. True if it is the first of its lane. */
  accept(job: NewJob, grip: Grip, replaces: Grip | undefined): Promise<boolean>;
  /** Keeps a job that is nobody's. */
  submit(job: SubmittedJob, id: string): Promise<Submitted>;
  /** Keeps a released job of another outbox, unless its id is known, settled or not. */
  takeOver(job: NewJob, id: string): Promise<void>;
  /** The job will not be delivered. False if it is no longer this process's. */
  discard(grip: Grip): Promise<boolean>;
  /** Somebody may claim them, as soon as it is their turn. */
  free(grips: readonly Grip[]): Promise<void>;

  claim(request: FleetClaimRequest): Promise<FleetClaim>;
  note(grip: Grip, progress: string): Promise<boolean>;
  settle(grip: Grip, settlement: Settlement): Promise<boolean>;
  fail(grip: Grip, failure: Failure): Promise<'postponed' | 'dead' | 'lost'>;
  report(event: GateEvent, keyHash: string | null): Promise<void>;

  stats(keyHash: string | null): Promise<Omit<OutboxStats, 'program' | 'location' | 'storage'>>;
  find(customerKey: string): Promise<LedgerEntry[]>;
  /** One page of dead jobs, the oldest first, behind the last of the page before. */
  dead(after: LedgerEntry | null): Promise<LedgerEntry[]>;
  replay(filter: ReplayFilter): Promise<number>;
  forget(customerKey: string): Promise<Forgotten>;
  /** One step of the hourly cleaning; where to go on, or `null`. */
  clean(after: string): Promise<string | null>;
}
