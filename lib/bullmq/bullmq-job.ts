import { createHash } from 'node:crypto';
import type { Job as BullJob } from 'bullmq';
import type { CompletedResult } from '../outbox/delivery-result.js';
import type { HistoryEntry } from '../outbox/history.js';
import type { Job, NewJob, SubmittedJob } from '../outbox/job.js';
import type { EndedJob } from './customer-records.js';

/** What dashboards show of a job. */
export interface JobData {
  readonly orderingKey: string;
  readonly referralKey: string | null;
  /** `null` once the job has ended. */
  readonly payload: string | null;
  readonly queuedAt: number;
  readonly key?: string | undefined;
  readonly digest?: string | undefined;
  /** The outcome, if another job cancels this one before it comes. */
  readonly ifCancelled?: string | undefined;
  /** The BullMQ id of the job that this one cancels, and whether that one was there before. */
  readonly cancels?: { readonly id: string; readonly found: boolean } | undefined;
  readonly overrides?: boolean | undefined;
  /** The id of the job in the outbox. In BullMQ, a job with a key has the id of that key. */
  readonly id: string;
  /** Since when it has been failing, and how many attempts had failed before that. */
  readonly failing?: { readonly since: number; readonly attempts: number } | undefined;
  /** Written before BullMQ moves the job to `completed`. */
  readonly result?: CompletedResult | undefined;
}

export type StoredJob = BullJob<JobData, string>;

export function toData(job: SubmittedJob, id: string): JobData {
  const { orderingKey, referralKey, payload, queuedAt, key, overrides } = job;
  return {
    ...{ orderingKey, referralKey, payload, queuedAt, id, overrides },
    ...{ key: key?.value, digest: key?.digest, ifCancelled: key?.ifTaken.cancelled },
  };
}

export function toJob(job: StoredJob): Job {
  const { orderingKey, referralKey, payload, queuedAt } = job.data;
  const { checkpoint = null } = Object(job.progress) as { checkpoint?: string };
  const saved: NewJob = {
    name: job.name,
    orderingKey,
    referralKey,
    payload: payload ?? '',
    queuedAt,
  };
  return { ...saved, id: job.data.id, attempts: job.attemptsMade, checkpoint };
}

export function toEnded(job: StoredJob): EndedJob {
  const { id, orderingKey: customerKey, key = null, referralKey, queuedAt } = job.data;
  const { name: jobName, attemptsMade: attempts } = job;
  const facts = { jobName, customerKey, key, referralKey, attempts, queuedAt };
  return { id, bullmqId: idOf(job), ...facts };
}

/** Of a job that is pending or dead. */
export function toEntry(job: StoredJob, program: string): HistoryEntry {
  const { queuedAt, bullmqId: _, ...facts } = toEnded(job);
  const dead = job.finishedOn ? ({ state: 'dead', outcome: 'dead' } as const) : undefined;
  return {
    ...{ ...facts, program, reason: job.failedReason ?? null, detail: null },
    ...(dead ?? { state: 'pending', outcome: null }),
    queuedAt: new Date(queuedAt),
    endedAt: job.finishedOn ? new Date(job.finishedOn) : null,
  };
}

/** Its id in BullMQ. */
export const idOf = (job: StoredJob): string => job.id ?? '';

/** BullMQ adds no second job with the same id: so the id stands for the key. */
export const idOfKey = (name: string, key: string): string =>
  `${name.replaceAll(/[^\w-]/g, '_')}-${digestOf(JSON.stringify([name, key]))}`;

/** One job can cancel another. */
export const idOfCancel = (cancels: { name: string; key: string }): string =>
  `cancel-${idOfKey(cancels.name, cancels.key)}`;

/** In UTF-16, which keeps halves of surrogate pairs apart. */
export function digestOf(text: string): string {
  return createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('base64url').slice(0, 22);
}
