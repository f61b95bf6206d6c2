import type { CompletedResult } from '../outbox/delivery-result.js';
import type { HistoryEntry } from '../outbox/history.js';
import type { Counter } from '../outbox/job-counts.js';
import { digestOf } from './bullmq-job.js';

/** What is used of ioredis. */
export interface RedisClient {
  readonly status: string;
  readonly isCluster: boolean;
  get(key: string): Promise<string | null>;
  hget(key: string, field: string): Promise<string | null>;
  hgetall(key: string): Promise<Record<string, string>>;
  hexists(key: string, field: string): Promise<number>;
  hmget(key: string, ...fields: string[]): Promise<(string | null)[]>;
  hset(key: string, values: Record<string, string>): Promise<number>;
  hsetnx(key: string, field: string, value: string): Promise<number>;
  hdel(key: string, ...fields: string[]): Promise<number>;
  del(key: string): Promise<number>;
  info(): Promise<string>;
  multi(): RedisTransaction;
  disconnect(reconnect?: boolean): void;
  on(event: 'ready' | 'close', listener: () => void): unknown;
}

interface RedisTransaction {
  hset(key: string, values: Record<string, string>): this;
  hdel(key: string, field: string): this;
  hincrby(key: string, field: string, by: number): this;
  expire(key: string, seconds: number): this;
  exec(): Promise<[Error | null, unknown][] | null>;
}

/** A job that has yet to end, in its place in the order of its customer. */
export interface Place {
  readonly id: string;
  readonly position: number;
  /** The id of the job before it that must not be sent any more; `overrides`: none of them. */
  readonly discards?: string | undefined;
}

/** What the history needs of a job. */
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

interface HistoryRecord extends Omit<EndedJob, 'id'> {
  readonly outcome: string;
  readonly reason: string | null;
  readonly detail: HistoryEntry['detail'];
  readonly endedAt: number;
  readonly position: number;
}

export interface HistoryItem {
  readonly entry: HistoryEntry;
  readonly position: number;
  readonly bullmqId: string;
}

/**
 * What BullMQ doesn't store: the order of each customer's jobs, their history, and counts. Two hashes a
 * customer, one for all counts, beside the keys of the queue.
 */
export class CustomerRecords {
  /**
   * @param base the prefix and name of the queue
   * @param historyMs how long ended jobs are kept; 0 for not at all
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
  async pending(orderingKey: string): Promise<Place[]> {
    const values = await this.client().hgetall(this.key('pending', orderingKey));
    return Object.entries(values)
      .map(([id, value]): Place => {
        const [position, discards] = value.split(' ');
        return { id, position: Number(position), discards };
      })
      .toSorted((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1));
  }

  /** Written before the job itself. Resolves with false if the job has its place already. */
  async addPending(orderingKey: string, { id, position, discards }: Place): Promise<boolean> {
    const value = discards ? `${position} ${discards}` : `${position}`;
    return (await this.client().hsetnx(this.key('pending', orderingKey), id, value)) === 1;
  }

  async isPending(orderingKey: string, id: string): Promise<boolean> {
    return (await this.client().hexists(this.key('pending', orderingKey), id)) === 1;
  }

  /** Resolves with false if the job had no place any more. */
  async removePending(orderingKey: string, id: string): Promise<boolean> {
    return (await this.client().hdel(this.key('pending', orderingKey), id)) === 1;
  }

  /** Ends a job in one step: its place, the counts, and the history unless that is to be purged. */
  async end(job: EndedJob, result: CompletedResult, position = Date.now()): Promise<void> {
    const { id, ...facts } = job;
    const { outcome, reason = null, detail = null } = result;
    const record: HistoryRecord = {
      ...facts,
      outcome,
      reason,
      detail,
      endedAt: Date.now(),
      position,
    };
    const step = this.client()
      .multi()
      .hdel(this.key('pending', job.customerKey), job.bullmqId)
      .hincrby(this.countsKey, `${job.jobName}\n${outcome}`, 1);
    if (this.historyMs > 0 && !result.purgesHistory) {
      const key = this.key('history', job.customerKey);
      step
        .hset(key, { [id]: JSON.stringify(record) })
        .expire(key, Math.ceil(this.historyMs / 1000));
    }
    for (const [error] of (await step.exec()) ?? []) if (error) throw error;
  }

  /** Ended jobs, in no order. */
  async history(orderingKey: string, program: string): Promise<HistoryItem[]> {
    const values = await this.client().hgetall(this.key('history', orderingKey));
    return Object.entries(values).flatMap(([id, value]) => {
      const record = JSON.parse(value) as HistoryRecord;
      const { position, bullmqId, queuedAt, endedAt, ...facts } = record;
      if (Date.now() - endedAt > this.historyMs) return [];
      const dates = { queuedAt: new Date(queuedAt), endedAt: new Date(endedAt) };
      const entry: HistoryEntry = { id, program, state: 'completed', ...facts, ...dates };
      return [{ entry, position, bullmqId }];
    });
  }

  async hasEnded(orderingKey: string, id: string): Promise<boolean> {
    return (await this.client().hexists(this.key('history', orderingKey), id)) === 1;
  }

  async purgeHistory(orderingKey: string): Promise<void> {
    await this.client().del(this.key('history', orderingKey));
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

  private key(kind: 'pending' | 'history', orderingKey: string): string {
    return `${this.base}-${kind}:${digestOf(orderingKey)}`;
  }
}
