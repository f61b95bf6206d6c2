import type { Job, SubmittedJob } from '../outbox/job.js';
import type { Submitted } from '../outbox/outbox-engine.js';
import { uuid7 } from '../outbox/uuid7.js';
import {
  bullmqIdOf,
  hasCancelled,
  idOfCancel,
  idOfKey,
  toData,
  toEntry,
  type JobData,
  type StoredJob,
} from './bullmq-job.js';
import { DISCARDED, type JobStore } from './job-store.js';
import type { Saving } from './queue-connection.js';

/**
 * Saves a job, released, unless its key is taken.
 * @param forwarded the job was saved elsewhere before: its place in the order is that of its time
 */
export async function submitJob(
  store: JobStore,
  given: SubmittedJob & Pick<Job, 'checkpoint'>,
  saving: Saving,
  { forwarded = false } = {},
): Promise<Submitted> {
  const { records } = store;
  const job = { ...given, id: given.id ?? uuid7() };
  const { id, name, key, cancels } = job;
  const bullmqId = cancels ? idOfCancel(cancels) : key ? idOfKey(name, key.value) : id;
  const targetId = cancels && idOfKey(cancels.name, cancels.key);
  const [existing, cancelling, target] = await Promise.all([
    bullmqId === id ? undefined : store.queue.getJob(bullmqId),
    key && !cancels ? store.queue.getJob(idOfCancel({ name, key: key.value })) : undefined,
    targetId === undefined ? undefined : store.queue.getJob(targetId),
  ]);
  const { orderingKey } = target?.data ?? job;
  const data: JobData = {
    ...toData({ ...job, orderingKey }),
    cancels: targetId === undefined ? undefined : { id: targetId, found: target !== undefined },
  };

  const endUnsent = async (outcome: string): Promise<Submitted> => {
    saving();
    const entry = toEntry({ name, data }, records.program, { ...DISCARDED, outcome });
    await records.end({ entry, bullmqId: id }, { isUnsaved: true });
    return { id, outcome };
  };
  const endAsTaken = async (taken: StoredJob): Promise<Submitted> => {
    const { data: holder } = taken;
    // Without a key, one job that cancels is as good as another.
    if (!key || holder.id === id) return { id: holder.id, outcome: null };
    // What was queued behind the job that has the key must not be sent after that one either.
    if (job.overrides) await discardAllBut(store, orderingKey, bullmqIdOf(taken));
    // A dead letter doesn't keep what is asked for again from happening.
    if (holder.digest === key.digest) await store.requeue(taken);
    return endUnsent(holder.digest === key.digest ? key.ifTaken.same : key.ifTaken.different);
  };

  const mayRepeat = cancels !== undefined && existing?.data.result?.releasesKey === true;
  if (existing && !mayRepeat) return endAsTaken(existing);
  if (key && cancelling && hasCancelled(cancelling)) return endUnsent(key.ifTaken.cancelled);
  // Behind all the others, whatever the clocks of the processes say.
  const last = forwarded ? undefined : (await records.pending(orderingKey)).at(-1);
  const position = forwarded ? job.queuedAt : Math.max(Date.now(), 1 + (last?.position ?? 0));
  const discards = job.overrides ? 'overrides' : undefined;
  const pending = { id: bullmqId, position, discards };
  if (existing) await store.sendAgain(existing, data, pending, saving);
  else await store.add(name, data, pending, saving);
  // Another process may have added one with the same key at the same time.
  const holder = bullmqId === id ? undefined : await store.queue.getJob(bullmqId);
  if (!holder || holder.data.id === id) return { id, outcome: null };
  if (holder.data.orderingKey !== orderingKey) await records.removePending(orderingKey, bullmqId);
  return endAsTaken(holder);
}

/** The last one first: otherwise the next one would be sent. */
async function discardAllBut(store: JobStore, orderingKey: string, kept: string): Promise<void> {
  for (const { id } of (await store.records.pending(orderingKey)).toReversed()) {
    if (id !== kept) await store.discardWaiting(id);
  }
}
