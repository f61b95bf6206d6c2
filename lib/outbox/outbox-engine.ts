import type { Delivery, DeliveryControl } from './delivery.js';
import type { Forgotten, HistoryEntry, OutboxStats, RequeueFilter } from './history.js';
import type { NewJob, SubmittedJob } from './job.js';

/**
 * Saves jobs until Partnero has them, and delivers them. One instance serves one program; instances may
 * share a store. To write an engine of your own, implement this and run the conformance suite of
 * `nestjs-partnero/testing` against it.
 */
export interface OutboxEngine {
  /** Where the jobs are, for log lines. Never holds a password. */
  readonly location: string;

  /**
   * Prepares the store and registers the program in it.
   * @throws PartneroConfigurationError if the store can't be used as configured
   */
  open(): Promise<void>;

  /** Partnero's public id of the program that the jobs in the store belong to; `null` if unknown. */
  programId(): Promise<string | null>;
  saveProgramId(id: string): Promise<void>;

  /**
   * Saves a job as *held*: it isn't delivered before `release`, unless this process ends without a
   * decision. Resolves with the job's id once the job survives a crash.
   *
   * @param replaces a held job that is discarded in the same step
   * @throws OutboxError
   */
  enqueue(job: NewJob, replaces?: string): Promise<string>;
  /**
   * Saves a job, released, in a transaction of the app's own: the job exists if that commits. Engines
   * that can't do this leave it out.
   */
  enqueueIn?(transaction: unknown, job: NewJob): Promise<string>;
  /** Allows a held job to be delivered. Can't fail: an undecided job counts as released after a crash. */
  release(id: string): void;
  /** Ends a held job, undelivered. Resolves with false, and does nothing, if it isn't held any more. */
  discard(id: string): Promise<boolean>;
  /**
   * Saves a job that is released from the start. If its key is taken, it completes in the same step,
   * undelivered.
   * @throws OutboxError
   */
  submit(job: SubmittedJob): Promise<Submitted>;

  /**
   * Starts to deliver. Order, rate, pauses, retries and taking over the jobs of ended processes are the
   * engine's own. Called at most once, after `open`.
   */
  start(delivery: Delivery): DeliveryControl;

  stats(): Promise<OutboxStats>;
  /** The jobs with an ordering key, newest first, at most 1,000. */
  find(orderingKey: string): Promise<HistoryEntry[]>;
  /** The newest jobs that the store still has, newest first. None if it keeps no history. */
  recent(limit: number): Promise<HistoryEntry[]>;
  /** The dead letters, oldest first. */
  deadLetters(): AsyncIterable<HistoryEntry>;
  /** Makes dead letters pending again. Resolves with their number. */
  requeue(filter: RequeueFilter): Promise<number>;
  /**
   * Deletes all jobs with an ordering key that aren't in flight. Pending ones end as `discarded`.
   * @param keeps the name of jobs that stay while they are pending or dead; they count as in flight
   */
  forget(orderingKey: string, keeps?: string): Promise<Forgotten>;

  /** Releases all that this process holds and closes the store. Undelivered jobs stay in it. */
  close(): Promise<void>;
}

/** The result of submitting a job. */
export interface Submitted {
  readonly id: string;
  /** The outcome, if its key was taken; `null` if the job will be delivered. */
  readonly outcome: string | null;
}

/** How an engine is made: what `sqliteOutbox()` and the like return. */
export interface OutboxDefinition {
  /** The engine's name, such as `sqlite`. */
  readonly engine: string;
  /** Replaces the module's `acceptTimeoutMs`, for an engine that takes longer by nature. Milliseconds. */
  readonly acceptTimeoutMs?: number | undefined;
  /** Whether saved jobs outlive the process. Without it, sales and refunds can't be recorded. */
  readonly durable: boolean;
  /** Whether a store exists that knows this program. Must not create one. */
  exists(program: string): Promise<boolean>;
  create(context: EngineContext): OutboxEngine;
}

/** What an engine is created with. */
export interface EngineContext {
  readonly program: string;
  /** How long completed jobs stay in the history. `undefined`: the engine's default. Days. */
  readonly historyDays: number | undefined;
  /** How long a sign-up waits for its job to be saved. Milliseconds. */
  readonly acceptTimeoutMs: number;
  readonly log: OutboxLog;
}

/** Where an engine logs. */
export interface OutboxLog {
  log(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}
