import type { SubmittedJob } from '../outbox/job.js';
import type { Submitted } from '../outbox/outbox-engine.js';
import { uuid7 } from '../outbox/uuid7.js';
import { idOfCancel, idOfKey, toData, type JobData, type StoredJob } from './bullmq-job.js';
import { DISCARDED, type JobStore } from './job-store.js';
import type { BoundedWork } from './queue-connection.js';

/** Where a job goes that was saved elsewhere before. */
export interface Forwarding {
  readonly position: number;
  readonly checkpoint: string | null;
}

/** Saves a job, released, unless its key is taken. */
export async function submitJob(
  store: JobStore,
  job: SubmittedJob,
  bound: BoundedWork,
  forwarding?: Forwarding,
): Promise<Submitted> {
  const { records } = store;
  const { name, key, cancels, overrides, queuedAt, referralKey } = job;
  const submission = job.id ?? uuid7();
  const id = cancels ? idOfCancel(cancels) : key ? idOfKey(name, key.value) : submission;
  const targetId = cancels && idOfKey(cancels.name, cancels.key);
  const [existing, cancelling, target] = await Promise.all([
    id === submission ? undefined : store.get(id),
    key && !cancels ? store.get(idOfCancel({ name, key: key.value })) : undefined,
    targetId === undefined ? undefined : store.get(targetId),
  ]);
  const { orderingKey } = target?.data ?? job;
  const before = await records.pending(orderingKey);
  const position = forwarding?.position ?? Math.max(Date.now(), 1 + (before.at(-1)?.position ?? 0));
  const data: JobData = {
    ...toData({ ...job, orderingKey }, submission),
    cancels: targetId === undefined ? undefined : { id: targetId, found: target !== undefined },
  };

  const endUnsent = async (outcome: string): Promise<Submitted> => {
    const facts = { jobName: name, customerKey: orderingKey, key: key?.value ?? null, referralKey };
    const ended = { ...facts, id: submission, attempts: 0, queuedAt };
    await records.end(ended, { ...DISCARDED, outcome }, position);
    return { id: submission, outcome };
  };
  const endAsTaken = async ({
    data: { submission: by, digest },
  }: StoredJob): Promise<Submitted> => {
    if (!key || by === submission) return { id, outcome: null };
    return endUnsent(digest === key.digest ? key.ifTaken.same : key.ifTaken.different);
  };

  if (existing) return endAsTaken(existing);
  if (key && cancelling?.data.cancels?.found === false) return endUnsent(key.ifTaken.cancelled);
  const place = { id, position, discards: overrides ? 'overrides' : undefined };
  const { checkpoint = null } = forwarding ?? {};
  const added = await store.add(name, data, place, bound, checkpoint === null ? 0 : store.leaseMs);
  if (checkpoint !== null) {
    await added.updateProgress({ checkpoint });
    await store.promote(added);
  }
  const winner = id === submission ? undefined : await store.get(id);
  if (winner && winner.data.submission !== submission) {
    if (winner.data.orderingKey !== orderingKey) await records.removePending(orderingKey, id);
    return endAsTaken(winner);
  }
  if (overrides) for (const place of before) await store.discard(orderingKey, place);
  return { id, outcome: null };
}
