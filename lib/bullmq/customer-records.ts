import type { CompletedResult } from '../outbox/delivery-result.js';
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

export interface EndedJob {
  readonly id: string;
  readonly bullmqId: string;
  readonly jobName: string;
  readonly customerKey: string;
  readonly key: string | null;
  readonly referralKey: string | null;
  readonly attempts: number;
  readonly queuedAt: number;
}

/** As it is stored. What is `null` is left out: Redis keeps it in memory. */
interface HistoryRecord extends Pick<EndedJob, 'jobName' | 'attempts' | 'queuedAt'> {
  readonly outcome: string;
  readonly endedAt: number;
  readonly position: number;
  readonly key?: string | undefined;
  readonly referralKey?: string | undefined;
  readonly reason?: string | undefined;
  readonly detail?: CompletedResult['detail'] | undefined;
  /** If it differs from the id. */
  readonly bullmqId?: string | undefined;
}

export interface HistoryItem {
  readonly entry: HistoryEntry;
  readonly bullmqId: string;
  readonly position: number;
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
    readonly historyMs: number,
  ) {}

  /** The same records on another connection. */
  on(client: () => RedisClient): CustomerRecords {
    return new CustomerRecords(client, this.base, this.historyMs);
  }

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

  async isPending(orderingKey: string, id: string): Promise<boolean> {
    return (await this.client().hexists(this.pendingKey(orderingKey), id)) === 1;
  }

  /** Resolves with false if it was removed before. */
  async removePending(orderingKey: string, id: string): Promise<boolean> {
    return (await this.client().hdel(this.pendingKey(orderingKey), id)) === 1;
  }

  /** Ends a job in one step: its place in the order, the counts, and the history. */
  async end(job: EndedJob, result: CompletedResult, position: number): Promise<void> {
    const { id, jobName, attempts, queuedAt } = job;
    const { outcome, reason, detail, purgesHistory } = result;
    const history = this.historyKey(job.customerKey);
    const step = this.client()
      .multi()
      .hdel(this.pendingKey(job.customerKey), job.bullmqId)
      .hincrby(this.countsKey, `${job.jobName}\n${outcome}`, 1);
    if (this.historyMs > 0 && !purgesHistory) {
      const record: HistoryRecord = {
        jobName,
        attempts,
        queuedAt,
        outcome,
        endedAt: Date.now(),
        position,
        key: job.key ?? undefined,
        referralKey: job.referralKey ?? undefined,
        reason,
        detail,
        bullmqId: job.bullmqId === id ? undefined : job.bullmqId,
      };
      step.hset(history, { [id]: JSON.stringify(record) });
      step.expire(history, Math.ceil(this.historyMs / 1_000));
    }
    for (const [error] of (await step.exec()) ?? []) if (error) throw error;
    if (Math.random() < PRUNE_SHARE) await this.history(job.customerKey, '');
  }

  /** Ended jobs, in no order. */
  async history(orderingKey: string, program: string): Promise<HistoryItem[]> {
    const key = this.historyKey(orderingKey);
    const items: HistoryItem[] = [];
    for (const [id, value] of Object.entries(await this.client().hgetall(key))) {
      const record = JSON.parse(value) as HistoryRecord;
      const { position, bullmqId = id, queuedAt, endedAt } = record;
      if (Date.now() - endedAt > this.historyMs) {
        await this.client().hdel(key, id);
        continue;
      }
      const { key: jobKey = null, referralKey = null, reason = null, detail = null } = record;
      const { jobName, attempts, outcome } = record;
      const entry: HistoryEntry = {
        id,
        program,
        jobName,
        customerKey: orderingKey,
        key: jobKey,
        referralKey,
        state: 'completed',
        outcome,
        reason,
        detail,
        attempts,
        queuedAt: new Date(queuedAt),
        endedAt: new Date(endedAt),
      };
      items.push({ entry, bullmqId, position });
    }
    return items;
  }

  async hasEnded(orderingKey: string, id: string): Promise<boolean> {
    return (await this.client().hexists(this.historyKey(orderingKey), id)) === 1;
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
