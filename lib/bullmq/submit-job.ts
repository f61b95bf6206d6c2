import type { SubmittedJob } from '../outbox/job.js';
import type { Submitted } from '../outbox/outbox-engine.js';
import { uuid7 } from '../outbox/uuid7.js';
import { idOfCancel, idOfKey, toData, type JobData, type StoredJob } from './bullmq-job.js';
import { DISCARDED, type JobStore } from './job-store.js';
import type { BoundedWork } from './queue-connection.js';

/** What is known of a job that was saved elsewhere before. */
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
  const id = job.id ?? uuid7();
  const bullmqId = cancels ? idOfCancel(cancels) : key ? idOfKey(name, key.value) : id;
  const targetId = cancels && idOfKey(cancels.name, cancels.key);
  const [existing, cancelling, target] = await Promise.all([
    bullmqId === id ? undefined : store.get(bullmqId),
    key && !cancels ? store.get(idOfCancel({ name, key: key.value })) : undefined,
    targetId === undefined ? undefined : store.get(targetId),
  ]);
  const { orderingKey } = target?.data ?? job;
  const before = await records.pending(orderingKey);
  // Behind all of them, whatever the clocks of the processes say.
  const position = forwarding?.position ?? Math.max(Date.now(), 1 + (before.at(-1)?.position ?? 0));

  const endUnsent = async (outcome: string): Promise<Submitted> => {
    bound.check();
    const facts = { jobName: name, customerKey: orderingKey, key: key?.value ?? null, referralKey };
    const ended = { ...facts, id, bullmqId: id, attempts: 0, queuedAt };
    const isCounted = forwarding && (await records.hasEnded(orderingKey, id));
    if (!isCounted) await records.end(ended, { ...DISCARDED, outcome }, position);
    return { id, outcome };
  };
  const endAsTaken = async ({ data: holder }: StoredJob): Promise<Submitted> => {
    // Without a key, one job that cancels is as good as another.
    if (!key || holder.id === id) return { id: holder.id, outcome: null };
    return endUnsent(holder.digest === key.digest ? key.ifTaken.same : key.ifTaken.different);
  };

  if (existing) return endAsTaken(existing);
  if (key && cancelling?.data.cancels?.found === false) return endUnsent(key.ifTaken.cancelled);
  const data: JobData = {
    ...toData({ ...job, orderingKey }, id),
    cancels: targetId === undefined ? undefined : { id: targetId, found: target !== undefined },
  };
  const pending = { id: bullmqId, position, discards: overrides ? 'overrides' : undefined };
  const { checkpoint = null } = forwarding ?? {};
  // It must not be sent before the rest is done. If this process is killed, it is after the lease.
  const holdMs = checkpoint !== null || overrides ? store.leaseMs : 0;
  const added = await store.add(name, data, pending, bound, holdMs);
  // Another process may have added one with the same key at the same time.
  const holder = bullmqId === id ? undefined : await store.get(bullmqId);
  if (holder && holder.data.id !== id) {
    if (holder.data.orderingKey !== orderingKey) await records.removePending(orderingKey, bullmqId);
    return endAsTaken(holder);
  }
  if (checkpoint !== null) await added.updateProgress({ checkpoint });
  for (const each of overrides ? before : []) await store.discard(orderingKey, each);
  if (holdMs > 0) await store.promote(added);
  return { id, outcome: null };
}
