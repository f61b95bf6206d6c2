import { createHash } from 'node:crypto';
import type { Job as BullJob } from 'bullmq';
import type { CompletedResult } from '../outbox/delivery-result.js';
import type { HistoryEntry } from '../outbox/history.js';
import type { Job, SubmittedJob } from '../outbox/job.js';
import type { EndedJob } from './customer-records.js';

/** The data of a job in BullMQ, as dashboards show it. */
export interface JobData {
  /** The id in the outbox. The id in BullMQ differs if the job has a key or cancels another one. */
  readonly id: string;
  readonly orderingKey: string;
  readonly referralKey: string | null;
  /** `null` once the job has ended. */
  readonly payload: string | null;
  readonly queuedAt: number;
  readonly key?: string | undefined;
  readonly digest?: string | undefined;
  /** The outcome if another job cancels this one before it comes. */
  readonly ifCancelled?: string | undefined;
  /** The job that this one cancels, by its id in BullMQ, and whether it was there before. */
  readonly cancels?: { readonly id: string; readonly found: boolean } | undefined;
  /** Since when it has been failing, and how many attempts had failed before that. */
  readonly failing?: { readonly since: number; readonly attempts: number } | undefined;
  /** Written before BullMQ moves the job to `completed`. */
  readonly result?: CompletedResult | undefined;
}

export type StoredJob = BullJob<JobData, string>;

export function toData(job: SubmittedJob, id: string): JobData {
  const { orderingKey, referralKey, payload, queuedAt, key } = job;
  const { value, digest, ifTaken } = key ?? {};
  const ifCancelled = ifTaken?.cancelled;
  return { id, orderingKey, referralKey, payload, queuedAt, key: value, digest, ifCancelled };
}

export function toJob({ name, data, attemptsMade: attempts, progress }: StoredJob): Job {
  const { id, orderingKey, referralKey, payload, queuedAt } = data;
  const { checkpoint = null } = Object(progress) as { checkpoint?: string };
  const saved = { name, orderingKey, referralKey, payload: payload ?? '', queuedAt };
  return { ...saved, id, attempts, checkpoint };
}

export function toEnded(job: StoredJob): EndedJob {
  const { id, orderingKey: customerKey, key = null, referralKey, queuedAt } = job.data;
  const { name: jobName, attemptsMade: attempts } = job;
  const bullmqId = bullmqIdOf(job);
  return { id, bullmqId, jobName, customerKey, key, referralKey, attempts, queuedAt };
}

/** Of a job that is pending or dead. */
export function toEntry(job: StoredJob, program: string): HistoryEntry {
  const { queuedAt, bullmqId: _, ...facts } = toEnded(job);
  const isDead = Boolean(job.finishedOn);
  return {
    ...facts,
    program,
    state: isDead ? 'dead' : 'pending',
    outcome: isDead ? 'dead' : null,
    reason: job.failedReason ?? null,
    detail: null,
    queuedAt: new Date(queuedAt),
    endedAt: job.finishedOn ? new Date(job.finishedOn) : null,
  };
}

export const bullmqIdOf = (job: StoredJob): string => job.id ?? '';

/** The id in BullMQ of a job with a key: BullMQ adds no second job with the same id. */
export function idOfKey(name: string, key: string): string {
  return `${name.replaceAll(/[^\w-]/g, '_')}-${digestOf(JSON.stringify([name, key]))}`;
}

/** The id in BullMQ of a job that cancels another one. */
export function idOfCancel(cancelled: { name: string; key: string }): string {
  return `cancel-${idOfKey(cancelled.name, cancelled.key)}`;
}

/** Of UTF-16, which keeps halves of surrogate pairs apart. */
export function digestOf(text: string): string {
  return createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('base64url').slice(0, 22);
}
