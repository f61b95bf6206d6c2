import type { Queue, RedisQueueBackend } from 'bullmq';
import { FleetStoreError } from '../outbox/fleet/fleet-store.error.js';
import { describeProblem, isForGood, isOutage } from './redis-error.js';

type RedisClient = Awaited<RedisQueueBackend['client']>;

/** A queue of BullMQ's, and the connection that it uses. */
export interface Linked {
  readonly backend: RedisQueueBackend;
  readonly client: RedisClient;
}

export interface LinkSettings {
  /** Makes the queue on a connection of its own; rejects if BullMQ can't be loaded. */
  connect(): Promise<{ readonly queue: Queue; readonly close: () => Promise<void> }>;
  /** A light read, to see whether Redis answers. */
  probe(linked: Linked): Promise<unknown>;
  /** Called once the queue can be used, each time that one was made. */
  prepare(linked: Linked): void;
}

/** How long a call may take. Milliseconds. */
export interface CallWait {
  /** For Redis to be there. */
  readonly awayMs: number;
  /** For its answer, after that. */
  readonly answerMs: number;
}

const CLOSING = 'the app is shutting down';
const PROBE_EVERY_MS = 100;
/** A connection on which nothing comes back for so long is taken for broken. */
const SILENT_MS = 10_000;
/** More calls than this behind a Redis that is away are refused rather than kept in memory. */
const MAX_WAITING = 10_000;

/**
 * The way to Redis. A command for a Redis that is away waits in its client for ever, and hides there:
 * so each call has a deadline, and none is made while Redis is known not to answer.
 */
export class RedisLink {
  /** Once there was a connection. */
  linked: Linked | null = null;
  private up = false;
  private lastProblem = 'no connection yet';
  private waiting = 0;
  private readonly listeners = new Set<() => void>();
  private readonly underWay = new Set<(error: FleetStoreError) => void>();
  private probing: Promise<void> | null = null;
  private shut: (() => Promise<void>) | null = null;
  private closed = false;

  constructor(private readonly settings: LinkSettings) {}

  /** Why nothing can be done just now; `null` if it can, as far as is known. */
  get problem(): string | null {
    return this.up ? null : this.lastProblem;
  }

  /** Begins to connect. Rejects if BullMQ can't be loaded. */
  async start(): Promise<void> {
    const { queue, close } = await this.settings.connect();
    this.shut = close;
    queue.on('error', (error) => (this.lastProblem = describeProblem(error)));
    void this.lost();
    void this.take(queue.getBackend());
  }

  /** Waits for Redis to be there, at most for `ms` and as long as there is hope; whether it is. */
  async waitUntilUp(ms: number): Promise<boolean> {
    const end = performance.now() + ms;
    while (!this.up && !this.closed && !isForGood(this.lastProblem)) {
      const left = end - performance.now();
      if (left <= 0) break;
      await this.change(Math.min(PROBE_EVERY_MS, left));
    }
    return this.up;
  }

  /**
   * Does something in Redis, and again if the connection fails meanwhile: it must be such as may be
   * repeated.
   * @throws FleetStoreError
   */
  async call<T>(work: (linked: Linked) => Promise<T>, wait: CallWait): Promise<T> {
    const from = performance.now();
    for (;;) {
      const linked = await this.ready(from + wait.awayMs);
      try {
        return await this.inTime(from + wait.awayMs + wait.answerMs, work(linked));
      } catch (error) {
        if (error instanceof FleetStoreError) {
          if (error.problem === 'no_answer') void this.lost('Redis does not answer');
          throw error;
        }
        if (!isOutage(error)) throw new FleetStoreError(describeProblem(error), 'refused');
        void this.lost(describeProblem(error));
      }
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const wake of this.listeners) wake();
    await this.shut?.().catch(() => {});
    for (const fail of this.underWay) fail(new FleetStoreError(CLOSING, 'closed'));
  }

  private async take(backend: RedisQueueBackend): Promise<void> {
    try {
      const linked = { backend, client: await backend.client };
      this.settings.prepare(linked);
      this.linked = linked;
    } catch (error) {
      this.startAgainSoon(error);
    }
  }

  /** A client that is told to end in the midst of an outage forgets what it was asked. */
  private inTime<T>(end: number, work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (error: FleetStoreError) => {
        clearTimeout(timer);
        this.underWay.delete(fail);
        reject(error);
      };
      const late = () => fail(new FleetStoreError('Redis does not answer', 'no_answer'));
      const timer = setTimeout(late, Math.max(0, end - performance.now()));
      this.underWay.add(fail);
      work.then(resolve, reject).finally(() => {
        clearTimeout(timer);
        this.underWay.delete(fail);
      });
    });
  }

  private async ready(end: number): Promise<Linked> {
    if (this.up && this.linked) return this.linked;
    if (this.waiting >= MAX_WAITING) {
      throw new FleetStoreError('more than 10,000 calls are waiting for Redis', 'backlog');
    }
    this.waiting += 1;
    try {
      while (!this.up || !this.linked) {
        if (this.closed) throw new FleetStoreError(CLOSING, 'closed');
        const left = end - performance.now();
        if (left <= 0) throw new FleetStoreError(this.lastProblem, 'away');
        await this.change(left);
      }
      return this.linked;
    } finally {
      this.waiting -= 1;
    }
  }

  /** Until Redis is there again, and no longer than `ms`. */
  private change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.listeners.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.listeners.add(wake);
    });
  }

  private lost(problem?: string): Promise<void> {
    if (problem !== undefined) this.lastProblem = problem;
    this.up = false;
    this.probing ??= this.probe().finally(() => (this.probing = null));
    return this.probing;
  }

  private async probe(): Promise<void> {
    while (!this.closed) {
      const { linked } = this;
      if (linked && isConnected(linked.client)) {
        const silent = setTimeout(() => linked.client.disconnect(true), SILENT_MS).unref();
        try {
          await this.settings.probe(linked);
          this.up = true;
          for (const wake of this.listeners) wake();
          return;
        } catch (error) {
          this.lastProblem = describeProblem(error);
        } finally {
          clearTimeout(silent);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, PROBE_EVERY_MS).unref());
    }
  }

  /** The first connection failed in the midst of being made: BullMQ doesn't make it again. */
  private startAgainSoon(error: unknown): void {
    this.lastProblem = describeProblem(error);
    if (this.closed) return;
    setTimeout(() => void this.startAgain(), 10 * PROBE_EVERY_MS).unref();
  }

  private async startAgain(): Promise<void> {
    try {
      await this.shut?.();
      if (!this.closed) await this.start();
    } catch (error) {
      this.startAgainSoon(error);
    }
  }
}

/** A cluster's client is 'connect'ed, any other is 'ready'. */
function isConnected({ status, isCluster }: RedisClient): boolean {
  return status === 'ready' || (isCluster && status === 'connect');
}
