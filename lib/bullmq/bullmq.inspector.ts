import type { Pause } from '../outbox/delivery.js';
import type { Forgotten, HistoryEntry, OutboxStats, RequeueFilter } from '../outbox/history.js';
import { toEntry, type StoredJob } from './bullmq-job.js';
import { readStats } from './bullmq-stats.js';
import { NO_LIMIT } from './create-worker.js';
import type { JobStore } from './job-store.js';
import type { QueueConnection } from './queue-connection.js';

const FIND_LIMIT = 1_000;
const PAGE = 100;

/** Looks at the jobs of one program, requeues and deletes them. */
export class BullmqInspector {
  constructor(
    private readonly connection: QueueConnection,
    private readonly store: JobStore,
    private readonly program: string,
  ) {}

  async stats(local: Pause | null): Promise<Omit<OutboxStats, 'location' | 'storage'>> {
    const { queue, records } = this.store;
    return this.connection.ask(async (client) => {
      const [counts, isPaused, limitMs] = await Promise.all([
        readStats(queue, client, records),
        queue.isPaused(),
        queue.getRateLimitTtl(NO_LIMIT),
      ]);
      const until = limitMs > 0 ? new Date(Date.now() + limitMs) : null;
      const limited: Pause | null = until && { reason: 'rate_limited', until };
      const paused: Pause | null = isPaused ? { reason: 'queue_paused', until: null } : limited;
      return { ...counts, program: this.program, paused: local ?? paused };
    });
  }

  find(orderingKey: string): Promise<HistoryEntry[]> {
    const { store, program } = this;
    return this.connection.ask(async () => {
      const ended = await store.records.history(orderingKey, program);
      const ids = new Set(ended.map(({ entry }) => entry.id));
      const places = await store.records.pending(orderingKey);
      const open = places.slice(-FIND_LIMIT).map(async ({ id, position }) => {
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

  forget(orderingKey: string): Promise<Forgotten> {
    const { store } = this;
    const { records } = store;
    return this.connection.ask(async () => {
      const ended = await records.history(orderingKey, this.program);
      const result = { forgotten: ended.length, inFlight: 0 };
      for (const place of await records.pending(orderingKey)) {
        if (await store.isInFlight(place.id)) result.inFlight += 1;
        else if (await store.discard(orderingKey, place)) result.forgotten += 1;
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
    const isDead = id !== undefined && (await this.connection.ask(() => queue.getJobState(id)));
    const ids = isDead === 'failed' ? [id ?? ''] : await this.connection.ask(all);
    for (let from = 0; from < ids.length; from += PAGE) {
      const page = ids.slice(from, from + PAGE);
      const read = () => Promise.all(page.map((each) => this.store.get(each)));
      for (const job of await this.connection.ask(read)) {
        // It may have been requeued in the meantime.
        if (job?.finishedOn && (id === undefined || job.data.id === id)) yield job;
      }
    }
  }
}
