import type { Job } from './job.js';
import type { Verdict } from './verdict.js';

/** All that the relay knows of a kind of job. The room that owns the kind registers it. */
export interface JobKind {
  readonly name: string;
  /**
   * One attempt. Should resolve with a verdict for every answer; if it throws, the relay treats
   * that as transient.
   */
  deliver(job: Job, signal: AbortSignal): Promise<Verdict>;
}
