import type { Job } from './job.js';
import type { SettledVerdict, Verdict } from './verdict.js';

/** All that the relay knows of a kind of job. The room that owns the kind registers it. */
export interface JobKind {
  readonly name: string;
  /**
   * One attempt. Should resolve with a verdict for every answer; if it throws, the relay treats
   * that as transient.
   */
  deliver(job: Job, signal: AbortSignal, steps: DeliverySteps): Promise<Verdict>;
  /** What somebody should know of an outcome, for a line in the log. */
  advice?(verdict: SettledVerdict): Advice | undefined;
  /** What is told of a settled job beside what every job has. Never personal data. */
  facts?(job: Job, verdict: SettledVerdict): JobFacts;
}

export interface JobFacts {
  readonly route?: string | undefined;
  readonly samePartner?: boolean | 'unknown' | undefined;
  readonly transactionKey?: string | undefined;
}

export interface Advice {
  readonly text: string;
  /** Somebody has made a mistake that costs money. */
  readonly isError?: boolean | undefined;
}

/** For a delivery that must not be repeated blindly. */
export interface DeliverySteps {
  /**
   * Writes down how far it has come; a later attempt finds it as `job.progress`. False if the job was
   * taken over meanwhile: then nothing more may be sent. Rejects if it can't be written down.
   */
  note(progress: string): Promise<boolean>;
}
