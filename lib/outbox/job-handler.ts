import type { CompletedResult, DeliveryResult } from './delivery-result.js';
import type { Job } from './job.js';

/** Delivers the jobs of one name. */
export interface JobHandler {
  readonly name: string;
  /** Makes one attempt. If it throws, the job is retried. */
  deliver(job: Job, signal: AbortSignal, checkpoint: Checkpoint): Promise<DeliveryResult>;
  /** What is reported of an ended job beside what every job has. Never personal data. */
  facts?(job: Job, result: CompletedResult | undefined): JobFacts;
}

export interface JobFacts {
  readonly route?: string | undefined;
  readonly samePartner?: boolean | 'unknown' | undefined;
  readonly transactionKey?: string | undefined;
}

/** Saves the progress of a delivery that must not be repeated blindly. */
export interface Checkpoint {
  /**
   * Later attempts find `progress` as `job.checkpoint`. Resolves with false if another process has taken
   * the job over: then nothing more may be sent. Rejects if it can't be saved.
   */
  save(progress: string): Promise<boolean>;
  /**
   * How long after `save` a request may be sent, in milliseconds. Later, another process may have taken
   * the job over. Default 5,000.
   */
  readonly sendWithinMs?: number | undefined;
}

/** What was marked as sent wasn't. If that can't be saved, the next attempt asks as if it were. */
export async function unmark(checkpoint: Checkpoint): Promise<void> {
  await checkpoint.save('').catch(() => {});
}
