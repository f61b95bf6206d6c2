import type { HistoryEntry } from '../outbox/history.js';
import type { Counter } from '../outbox/job-counts.js';
import { digestOf } from './bullmq-job.js';
import type { RedisClient } from './redis-client.js';

/** Of the ends of jobs, so many remove what is too old from the history of their customer. */
const PRUNE_SHARE = 0.02;

/** A job that has yet to end, in the order of its customer. */
export interface PendingJob {
  /** In BullMQ. */
  readonly id: string;
  readonly position: number;
  /** The earlier job that must not be sent any more, or `overrides`: all of them. */
  readonly discards?: string | undefined;
}

/** A job that has ended, and its id in BullMQ. */
export interface EndedJob {
  readonly entry: HistoryEntry;
  readonly bullmqId: string;
}

/**
 * What BullMQ doesn't store: the order of each customer's jobs, their history, and counts. Two hashes a
 * customer and one for the counts, beside the keys of the queue.
 */
export class CustomerRecords {
  /**
   * @param base the prefix and name of the queue
   * @param historyMs how long ended jobs are kept; 0: not at all
   */
  constructor(
    private readonly client: () => RedisClient,
    private readonly base: string,
    readonly program: string,
    readonly historyMs: number,
  ) {}

  /** The jobs with that ordering key that have yet to end, in order. */
  async pending(orderingKey: string): Promise<PendingJob[]> {
    const values = await this.client().hgetall(this.pendingKey(orderingKey));
    return Object.entries(values)
      .map(([id, value]): PendingJob => {
        const [position, discards] = value.split(' ');
        return { id, position: Number(position), discards };
      })
      .toSorted((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1));
  }

  /** Comes before the job itself. Does nothing if it has been added. */
  async addPending(orderingKey: string, { id, position, discards }: PendingJob): Promise<void> {
    const value = discards ? `${position} ${discards}` : `${position}`;
    await this.client().hsetnx(this.pendingKey(orderingKey), id, value);
  }

  async removePending(orderingKey: string, id: string): Promise<void> {
    await this.client().hdel(this.pendingKey(orderingKey), id);
  }

  /** Moves a job from the pending ones to the history, and counts it, unless that was done before. */
  async end(
    { entry, bullmqId }: EndedJob,
    { isUnsaved = false, keeps = true } = {},
  ): Promise<boolean> {
    const { id, customerKey, jobName, outcome } = entry;
    const pending = this.pendingKey(customerKey);
    const history = this.historyKey(customerKey);
    const client = this.client();
    const isNew = isUnsaved
      ? (await client.hexists(history, id)) === 0
      : (await client.hexists(pending, bullmqId)) === 1;
    if (!isNew) return false;
    const step = client.multi().hdel(pending, bullmqId);
    step.hincrby(this.countsKey, `${jobName}\n${outcome}`, 1);
    if (keeps && this.historyMs > 0) {
      step.hset(history, { [id]: toRecord({ entry, bullmqId }) });
      step.expire(history, Math.ceil(this.historyMs / 1_000));
    }
    for (const [error] of (await step.exec()) ?? []) if (error) throw error;
    if (Math.random() < PRUNE_SHARE) await this.history(customerKey);
    return true;
  }

  /** In no order. */
  async history(orderingKey: string): Promise<EndedJob[]> {
    const key = this.historyKey(orderingKey);
    const jobs: EndedJob[] = [];
    for (const [id, value] of Object.entries(await this.client().hgetall(key))) {
      const job = toEnded(value);
      if (Date.now() - Number(job.entry.endedAt) <= this.historyMs) jobs.push(job);
      else await this.client().hdel(key, id);
    }
    return jobs;
  }

  async purgeHistory(orderingKey: string): Promise<void> {
    await this.client().del(this.historyKey(orderingKey));
  }

  /** How many jobs ended, ever, by job name and outcome. */
  async counts(): Promise<Counter[]> {
    const counts = await this.client().hgetall(this.countsKey);
    return Object.entries(counts).map(([field, n]) => {
      const [name = '', outcome = ''] = field.split('\n');
      return { name, outcome, n: Number(n) };
    });
  }

  private get countsKey(): string {
    return `${this.base}-counts`;
  }

  private pendingKey(orderingKey: string): string {
    return `${this.base}-pending:${digestOf(orderingKey)}`;
  }

  private historyKey(orderingKey: string): string {
    return `${this.base}-history:${digestOf(orderingKey)}`;
  }
}

/** What is `null` is left out: Redis keeps it in memory. */
function toRecord(job: EndedJob): string {
  return JSON.stringify(job, (_, value: unknown) => value ?? undefined);
}

function toEnded(record: string): EndedJob {
  const { entry, bullmqId } = JSON.parse(record) as EndedJob;
  const absent = { key: null, referralKey: null, reason: null, detail: null };
  const times = { queuedAt: new Date(entry.queuedAt), endedAt: new Date(entry.endedAt ?? NaN) };
  return { entry: { ...absent, ...entry, ...times }, bullmqId };
}
