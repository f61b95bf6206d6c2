import type { DeliveryResult, JobEnd } from './delivery-result.js';
import type { Job } from './job.js';
import type { Checkpoint } from './job-handler.js';

/** Whether Partnero accepts the API key. */
export type KeyCheck = 'accepted' | 'rejected' | 'unknown';

/** Why nothing is sent just now. */
export type PauseReason =
  | 'rate_limited'
  | 'unauthorized'
  | 'unreachable'
  | 'no_key'
  | 'unverified_key'
  | 'wrong_program'
  | 'queue_paused';

/** Why nothing is sent just now, and until when. */
export interface Pause {
  readonly reason: PauseReason;
  /** When the next attempt is made; `null` if that isn't known. */
  readonly until: Date | null;
}

/** How an engine delivers its jobs. Its functions never throw and never reject. */
export interface Delivery {
  /** Where jobs are sent, for log lines. */
  readonly address?: string | undefined;
  /** Jobs delivered at once. At least 1. */
  readonly concurrency: number;
  /** A job whose first failure is older moves to the dead letters when it fails again. */
  readonly maxAgeMs: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  /** `undefined`: no limit. */
  readonly requestsPerMinute: number | undefined;
  /** Makes one attempt. A handler that must not repeat itself blindly uses the checkpoint. */
  deliver(job: Job, signal: AbortSignal, checkpoint: Checkpoint): Promise<DeliveryResult>;
  /** Asks Partnero whether it accepts the API key. */
  checkKey(): Promise<KeyCheck>;
  /** Called once the end of a job is saved, at most once a job, by the process that saved it. */
  onEnd(job: Job, end: JobEnd): void;
  /** Called once it is saved that an attempt failed and the job is to be tried again. */
  onRetry?(job: Job, retry: Retry): void;
  /**
   * Called when the engine pauses, and when it goes on, for reasons that it sees itself or was given by
   * `pause()`. `null`: it isn't paused any more.
   */
  onPause?(pause: Pause | null): void;
}

/** The next attempt of a job that failed. */
export interface Retry {
  /** A status and names of fields, or one word. */
  readonly reason: string;
  /** Failed so far. */
  readonly attempts: number;
  /** How long the job waits. Milliseconds. */
  readonly delayMs: number;
}

/** Steers a delivery that was started. */
export interface DeliveryControl {
  /** Sends nothing until `resume`, for a reason that the engine can't see. */
  pause(reason: PauseReason): void;
  resume(): void;
  /**
   * Finishes what is being sent and what is due, for at most `capMs`; then aborts the rest and releases
   * all that was claimed. Delivery has ended for good afterwards.
   */
  drain(capMs: number): Promise<void>;
}
