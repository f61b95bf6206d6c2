import { createHash } from 'node:crypto';
import type { Job as BullJob } from 'bullmq';
import type { CompletedResult } from '../outbox/delivery-result.js';
import type { HistoryEntry } from '../outbox/history.js';
import type { Job, SubmittedJob } from '../outbox/job.js';

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
  readonly checkpoint?: string | null | undefined;
  readonly failingSince?: number | undefined;
  /** Written before BullMQ moves the job to `completed`. */
  readonly result?: CompletedResult | undefined;
}

export type StoredJob = BullJob<JobData, string>;
/** A job, or what would have been one. */
export type JobFacts = Pick<StoredJob, 'name' | 'data'> &
  Partial<Pick<StoredJob, 'attemptsMade' | 'failedReason' | 'finishedOn'>>;

export function toData(job: SubmittedJob & Pick<Job, 'id' | 'checkpoint'>): JobData {
  const { id, orderingKey, referralKey, payload, queuedAt, key, checkpoint } = job;
  const { value, digest, ifTaken } = key ?? {};
  const keyData = { key: value, digest, ifCancelled: ifTaken?.cancelled };
  return { id, orderingKey, referralKey, payload, queuedAt, ...keyData, checkpoint };
}

/** Whether a job that cancels another one did so before that one came, or has ended. */
export function hasCancelled({ data }: StoredJob): boolean {
  return data.cancels?.found === false || data.result !== undefined;
}

export function toJob({ name, data, attemptsMade: attempts }: StoredJob): Job {
  const { id, orderingKey, referralKey, payload, queuedAt, checkpoint = null } = data;
  const saved = { id, name, orderingKey, referralKey, payload: payload ?? '', queuedAt };
  return { ...saved, attempts, checkpoint };
}

/** @param ending the result of a job that ends just now */
export function toEntry(job: JobFacts, program: string, ending?: CompletedResult): HistoryEntry {
  const { name, data, attemptsMade: attempts = 0, failedReason = null, finishedOn } = job;
  const { id, orderingKey: customerKey, key = null, referralKey } = data;
  const facts = { id, program, jobName: name, customerKey, key, referralKey, attempts };
  const queuedAt = new Date(data.queuedAt);
  const result = ending ?? (finishedOn ? data.result : undefined);
  if (result) {
    const { outcome, reason = null, detail = null } = result;
    const endedAt = new Date(ending || !finishedOn ? Date.now() : finishedOn);
    return { ...facts, state: 'completed', outcome, reason, detail, queuedAt, endedAt };
  }
  const open = { ...facts, reason: failedReason, detail: null, queuedAt };
  return finishedOn
    ? { ...open, state: 'dead', outcome: 'dead', endedAt: new Date(finishedOn) }
    : { ...open, state: 'pending', outcome: null, endedAt: null };
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

/** The newest entries, newest first: ids are in the order of time. */
export function newest(entries: readonly HistoryEntry[], limit: number): HistoryEntry[] {
  return entries.toSorted((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit);
}
