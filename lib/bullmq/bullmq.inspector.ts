import type { Pause } from '../outbox/delivery.js';
import { sumCounters, type Counter } from '../outbox/job-counts.js';
import type { Forgotten, HistoryEntry, OutboxStats, RequeueFilter } from '../outbox/history.js';
import { toEntry, type StoredJob } from './bullmq-job.js';
import { NO_LIMIT } from './bullmq-worker.js';
import type { JobStore } from './job-store.js';
import type { QueueConnection } from './queue-connection.js';

const PENDING = ['waiting', 'prioritized', 'delayed', 'active'] as const;
/** Of each state, so many jobs are read for their names. */
const SAMPLE = 1_000;
const FIND_LIMIT = 1_000;
const PAGE = 100;
const WRITE_MS = 10_000;

/** Looks at the jobs of one program, requeues and deletes them. */
export class BullmqInspector {
  constructor(
    private readonly connection: QueueConnection,
    private readonly store: JobStore,
  ) {}

  /**
   * Counts by state are exact; by job name too, unless there are over 1,000 jobs: the others are then
   * taken to have the most frequent name.
   */
  async stats(local: Pause | null): Promise<OutboxStats> {
    const { connection, store } = this;
    const { queue, records } = store;
    const { location } = connection.place;
    return connection.read(async () => {
      const [{ failed = 0, ...open }, pending, dead, isPaused, limitMs] = await Promise.all([
        queue.getJobCounts(...PENDING, 'failed'),
        queue.getJobs([...PENDING], 0, SAMPLE - 1, true),
        queue.getJobs(['failed'], 0, SAMPLE - 1, true),
        queue.isPaused(),
        queue.getRateLimitTtl(NO_LIMIT),
      ]);
      const pendingCount = Object.values(open).reduce((sum, n) => sum + n, 0);
      const counters = [
        ...countersOf('pending', pending, pendingCount),
        ...countersOf('dead', dead, failed),
        // Last, so that no job is missing that has just ended.
        ...(await records.counts()),
      ];
      const queued = counters.map((counter) => ({ ...counter, outcome: 'queued' }));
      const oldest = Math.min(...pending.map(({ data }) => data.queuedAt));
      const queuePause: Pause | null = isPaused ? { reason: 'queue_paused', until: null } : null;
      const until = new Date(Date.now() + limitMs);
      const limit: Pause | null = limitMs > 0 ? { reason: 'rate_limited', until } : null;
      const { problem } = connection.health;
      return {
        ...sumCounters([...counters, ...queued]),
        program: records.program,
        location,
        oldestPendingAt: pending.length > 0 ? new Date(oldest) : null,
        paused: local ?? queuePause ?? limit,
        storage: { ok: problem === null, problem },
      };
    });
  }

  find(orderingKey: string): Promise<HistoryEntry[]> {
    const { records } = this.store;
    return this.connection.read(async () => {
      const ended = (await records.history(orderingKey)).map(({ entry }) => entry);
      const ids = new Set(ended.map(({ id }) => id));
      const pending = (await records.pending(orderingKey)).slice(-FIND_LIMIT);
      const jobs = await Promise.all(pending.map(({ id }) => this.store.get(id)));
      const open = jobs.filter((job) => job !== undefined).map((job) => this.toEntry(job));
      return [...ended, ...open.filter(({ id }) => !ids.has(id))]
        .toSorted((a, b) => (a.id < b.id ? 1 : -1))
        .slice(0, FIND_LIMIT);
    });
  }

  async *deadLetters(): AsyncGenerator<HistoryEntry, void> {
    for await (const job of this.dead()) yield this.toEntry(job);
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
      const ended = await records.history(orderingKey);
      const result = { forgotten: ended.length, inFlight: 0 };
      // The last one first: otherwise the next one would be sent.
      for (const { id } of (await records.pending(orderingKey)).toReversed()) {
        const isInFlight = await store.isInFlight(id);
        if (isInFlight === 'missing') await records.removePending(orderingKey, id);
        else if (isInFlight || (await store.get(id))?.name === keeps) result.inFlight += 1;
        else if (await store.discard(id)) result.forgotten += 1;
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
    const isDead = id !== undefined && (await this.connection.read(() => this.store.stateOf(id)));
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

  private toEntry(job: StoredJob): HistoryEntry {
    return toEntry(job, this.store.records.program);
  }
}

function countersOf(outcome: string, sample: readonly StoredJob[], total: number): Counter[] {
  const counts = new Map<string, number>();
  for (const { name } of sample) counts.set(name, (counts.get(name) ?? 0) + 1);
  const [most] = [...counts].toSorted(([, a], [, b]) => b - a);
  if (most) counts.set(most[0], most[1] + Math.max(0, total - sample.length));
  return [...counts].map(([name, n]) => ({ name, outcome, n }));
}
