import type { Job } from './job.js';
import type { Verdict } from './verdict.js';

/** All that the relay knows of a kind of job. The room that owns the kind registers it. */
export interface JobKind {
  readonly name: string;
  /**
   * One attempt. Should resolve with a verdict for every answer; if it throws, the relay treats
   * that as transient.
   */
  deliver(job: Job, signal: AbortSignal, steps: DeliverySteps): Promise<Verdict>;
}

/** For a delivery that must not be repeated blindly. */
export interface DeliverySteps {
  /**
   * Writes down how far it has come; a later attempt finds it as `job.progress`. False if the job was
   * taken over meanwhile: then nothing more may be sent. Rejects if it can't be written down.
   */
  note(progress: string): Promise<boolean>;
}
