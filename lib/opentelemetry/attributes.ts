import type { Attributes } from '@opentelemetry/api';

/** The attributes of spans and metrics. The values of each but the job's id are few. */
export const PROGRAM = 'partnero.program';
export const JOB = 'partnero.job';
export const JOB_ID = 'partnero.job.id';
export const OUTCOME = 'partnero.outcome';
export const RESULT = 'partnero.result';
export const REASON = 'partnero.reason';
export const EVENT = 'partnero.event';
/** `outbox`: jobs for Partnero. `inbox`: events for handlers. */
export const BOX = 'partnero.box';

export function jobAttributes(message: { program: string; jobName: string }): Attributes {
  return { [PROGRAM]: message.program, [JOB]: message.jobName };
}
