import type { Pause } from '../outbox/delivery.js';
import { sumCounters } from '../outbox/job-counts.js';
import type { Forgotten, HistoryEntry, OutboxStats, RequeueFilter } from '../outbox/history.js';
import { toEntry, type StoredJob } from './bullmq-job.js';
import { NO_LIMIT } from './bullmq-worker.js';
import type { JobStore } from './job-store.js';
import type { QueueConnection } from './queue-connection.js';
import { readCounters } from './read-counters.js';

const FIND_LIMIT = 1_000;
const PAGE = 100;
const WRITE_MS = 10_000;

/** Looks at the jobs of one program, requeues and deletes them. */
export class BullmqInspector {
  constructor(
    private readonly connection: QueueConnection,
    private readonly store: JobStore,
    private readonly program: string,
  ) {}

  async stats(local: Pause | null): Promise<OutboxStats> {
    const { queue, records } = this.store;
    const { location } = this.connection.place;
    return this.connection.read(async (client) => {
      const [{ counters, oldestPendingAt }, isPaused, limitMs] = await Promise.all([
        readCounters(queue, client, records),
        queue.isPaused(),
        queue.getRateLimitTtl(NO_LIMIT),
      ]);
      const queuePause: Pause | null = isPaused ? { reason: 'queue_paused', until: null } : null;
      const until = new Date(Date.now() + limitMs);
      const limit: Pause | null = limitMs > 0 ? { reason: 'rate_limited', until } : null;
      const { problem } = this.connection.health;
      return {
        ...sumCounters(counters),
        program: this.program,
        location,
        oldestPendingAt,
        paused: local ?? queuePause ?? limit,
        storage: { ok: problem === null, problem },
      };
    });
  }

  find(orderingKey: string): Promise<HistoryEntry[]> {
    const { store, program } = this;
    return this.connection.read(async () => {
      const ended = await store.records.history(orderingKey, program);
      const ids = new Set(ended.map(({ entry }) => entry.id));
      const pending = await store.records.pending(orderingKey);
      const open = pending.slice(-FIND_LIMIT).map(async ({ id, position }) => {
        const job = await store.get(id);
        return job && !ids.has(job.data.id) ? [{ entry: toEntry(job, program), position }] : [];
      });
      return [...ended, ...(await Promise.all(open)).flat()]
        .toSorted((a, b) => b.position - a.position || (a.entry.id < b.entry.id ? 1 : -1))
        .slice(0, FIND_LIMIT)
        .map(({ entry }) => entry);
    });
  }

  async *deadLetters(): AsyncGenerator<HistoryEntry, void> {
    for await (const job of this.dead()) yield toEntry(job, this.program);
  }

  async requeue(filter: RequeueFilter): Promise<number> {
    const id = 'id' in filter ? filter.id : undefined;
    const { customerKey, jobName } = 'id' in filter ? {} : filter;
    let requeued = 0;
    for await (const job of this.dead(id)) {
      if (customerKey !== undefined && customerKey !== job.data.orderingKey) continue;
      if (jobName !== undefined && jobName !== job.name) continue;
      await job.retry('failed', { resetAttemptsMade: true });
      requeued += 1;
    }
    return requeued;
  }

  forget(orderingKey: string, keeps?: string): Promise<Forgotten> {
    const { store } = this;
    const { records } = store;
    return this.connection.write(WRITE_MS, async () => {
      const ended = await records.history(orderingKey, this.program);
      const result = { forgotten: ended.length, inFlight: 0 };
      // The last one first: otherwise the next one would be sent.
      for (const pending of (await records.pending(orderingKey)).toReversed()) {
        const isInFlight = await store.isInFlight(pending.id);
        if (isInFlight === 'missing') await records.removePending(orderingKey, pending.id);
        else if (isInFlight || (await store.get(pending.id))?.name === keeps) result.inFlight += 1;
        else if (await store.discard(orderingKey, pending)) result.forgotten += 1;
      }
      await store.purgeHistory(orderingKey);
      await store.promoteNext(orderingKey);
      return result;
    });
  }

  /** The dead letters, oldest first; or the one with that id. */
  private async *dead(id?: string): AsyncGenerator<StoredJob, void> {
    const { queue } = this.store;
    const all = () => queue.getRanges(['failed'], 0, -1, true);
    const isDead = id !== undefined && (await this.connection.read(() => queue.getJobState(id)));
    const ids = isDead === 'failed' ? [id ?? ''] : await this.connection.read(all);
    for (let from = 0; from < ids.length; from += PAGE) {
      const page = ids.slice(from, from + PAGE);
      const read = () => Promise.all(page.map((each) => this.store.get(each)));
      for (const job of await this.connection.read(read)) {
        // It may have been requeued in the meantime.
        if (job?.finishedOn && (id === undefined || job.data.id === id)) yield job;
      }
    }
  }
}
