import { within } from '../../within.js';
import { FleetStoreError } from './fleet-store.error.js';

/** A connection that is being made. */
export interface Opening<T> {
  /** Rejects if that one will not come about. */
  readonly linked: Promise<T>;
  readonly close: () => Promise<void>;
}

/** What is to be known of a kind of server. */
export interface LinkSettings<T> {
  /** Its name, for messages. */
  readonly server: string;
  /**
   * Makes a connection, and tells of its troubles. Rejects only for what doesn't come right by itself.
   */
  connect(trouble: (error: unknown) => void): Promise<Opening<T>>;
  /** Whether something can be sent on it just now. */
  isConnected(linked: T): boolean;
  /** A light read, to see whether it answers. */
  probe(linked: T): Promise<unknown>;
  /** Called once a connection was made. Rejects if it is of no use. */
  prepare(linked: T): Promise<void>;
  /** Whether what failed may work in a moment, on another connection. */
  isOutage(error: unknown): boolean;
  /** Whether it can work on another connection only, though this one answers. */
  isStale(error: unknown): boolean;
  /** Whether that doesn't come right by itself. */
  isForGood(problem: string): boolean;
  /** In words, without values. */
  describe(error: unknown): string;
}

/** How long a call may take. Milliseconds. */
export interface CallWait {
  /** For the server to be there. */
  readonly awayMs: number;
  /** For its answer, after that. */
  readonly answerMs: number;
}

const CLOSING = 'the app is shutting down';
const PROBE_EVERY_MS = 100;
/** A connection on which nothing comes back for so long is taken for broken. */
const SILENT_MS = 10_000;
/** A connection that answers, but is of no use, is made anew no more often. */
const STALE_MS = 1_000;
/** For a connection to be made, as long as the server answers. */
const OPENING_MS = 30_000;
/** More calls than this behind a server that is away are refused rather than kept in memory. */
const MAX_WAITING = 10_000;

/**
 * The way to a server that may be away. What a client is asked meanwhile waits in it for ever, and
 * hides there: so each call has a deadline, and none is made while the server is known not to answer.
 */
export class StoreLink<T> {
  /** Once there was a connection. */
  linked: T | null = null;
  private up = false;
  private lastProblem = 'no connection yet';
  private waiting = 0;
  private readonly listeners = new Set<() => void>();
  private readonly underWay = new Set<(error: FleetStoreError) => void>();
  private probing: Promise<void> | null = null;
  private starting: Promise<void> | null = null;
  private openedAt = -Infinity;
  private openings = 0;
  private shut: (() => Promise<void>) | null = null;
  private closed = false;

  constructor(private readonly settings: LinkSettings<T>) {}

  /** Why nothing can be done just now; `null` if it can, as far as is known. */
  get problem(): string | null {
    return this.up ? null : this.lastProblem;
  }

  /** Begins to connect. Rejects for what doesn't come right by itself. */
  async start(): Promise<void> {
    const trouble = (error: unknown) => (this.lastProblem = this.settings.describe(error));
    const { linked, close } = await this.settings.connect(trouble);
    this.shut = close;
    void this.lost();
    void this.take(linked);
  }

  /** Waits for the server to be there, at most for `ms` and as long as there is hope; whether it is. */
  async waitUntilUp(ms: number): Promise<boolean> {
    const end = performance.now() + ms;
    while (!this.up && !this.closed && !this.settings.isForGood(this.lastProblem)) {
      const left = end - performance.now();
      if (left <= 0) break;
      await this.change(Math.min(PROBE_EVERY_MS, left));
    }
    return this.up;
  }

  /**
   * Does something on the server, and again if the connection fails meanwhile: it must be such as may be
   * repeated.
   * @throws FleetStoreError
   */
  async call<R>(work: (linked: T) => Promise<R>, wait: CallWait): Promise<R> {
    const from = performance.now();
    const end = from + wait.awayMs + wait.answerMs;
    let mayBeDone = false;
    for (let failures = 0; ;) {
      const linked = await this.ready(from + wait.awayMs, mayBeDone);
      try {
        return await this.inTime(end, work(linked));
      } catch (error) {
        if (error instanceof FleetStoreError) {
          if (error.problem === 'no_answer') void this.lost(this.silence);
          throw error;
        }
        const problem = this.settings.describe(error);
        if (!this.settings.isOutage(error)) {
          throw new FleetStoreError(problem, 'refused', mayBeDone);
        }
        const isStale = this.settings.isStale(error);
        mayBeDone ||= !isStale;
        if (isStale && performance.now() - this.openedAt > STALE_MS) this.reopen();
        void this.lost(problem);
        failures += 1;
        if (performance.now() >= end) {
          throw new FleetStoreError(problem, mayBeDone ? 'no_answer' : 'away');
        }
      }
      // It may be there, and able to tell, though not to do this.
      if (failures > 1) await new Promise((resolve) => setTimeout(resolve, PROBE_EVERY_MS));
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const wake of this.listeners) wake();
    await this.shut?.().catch(() => {});
    for (const fail of this.underWay) fail(new FleetStoreError(CLOSING, 'closed'));
  }

  private get silence(): string {
    return `${this.settings.server} does not answer`;
  }

  private async take(opening: Promise<T>): Promise<void> {
    const opened = (this.openings += 1);
    this.openedAt = performance.now();
    const prepared = opening.then(async (linked) => {
      await this.settings.prepare(linked);
      return linked;
    });
    try {
      const linked = await within(OPENING_MS, prepared, { ref: false });
      if (opened !== this.openings) return;
      if (linked === undefined) throw new FleetStoreError(this.silence, 'no_answer');
      this.linked = linked;
    } catch (error) {
      if (opened === this.openings) this.startAgainSoon(error);
    }
  }

  /** Makes another connection in place of one that may be broken. */
  private reopen(): void {
    this.linked = null;
    this.openedAt = performance.now();
    this.openings += 1;
    void this.startAgain();
  }

  /** A client that is told to end in the midst of an outage forgets what it was asked. */
  private inTime<R>(end: number, work: Promise<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      const fail = (error: FleetStoreError) => {
        clearTimeout(timer);
        this.underWay.delete(fail);
        reject(error);
      };
      const late = () => fail(new FleetStoreError(this.silence, 'no_answer'));
      const timer = setTimeout(late, Math.max(0, end - performance.now()));
      this.underWay.add(fail);
      work.then(resolve, reject).finally(() => {
        clearTimeout(timer);
        this.underWay.delete(fail);
      });
    });
  }

  /** @param mayBeDone by an attempt whose answer was lost */
  private async ready(end: number, mayBeDone: boolean): Promise<T> {
    if (this.up && this.linked !== null) return this.linked;
    if (this.waiting >= MAX_WAITING) {
      throw new FleetStoreError('more than 10,000 calls are waiting', 'backlog', mayBeDone);
    }
    this.waiting += 1;
    try {
      while (!this.up || this.linked === null) {
        if (this.closed) throw new FleetStoreError(CLOSING, 'closed', mayBeDone);
        const left = end - performance.now();
        if (left <= 0)
          throw new FleetStoreError(this.lastProblem, mayBeDone ? 'no_answer' : 'away');
        await this.change(left);
      }
      return this.linked;
    } finally {
      this.waiting -= 1;
    }
  }

  /** Until it is there again, and no longer than `ms`. */
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
    this.probing ??= this.probe();
    return this.probing;
  }

  private async probe(): Promise<void> {
    for (let from = performance.now(); !this.closed;) {
      const { linked } = this;
      if (linked !== null && this.settings.isConnected(linked)) {
        try {
          if ((await this.answers(linked)) && linked === this.linked) {
            this.up = true;
            this.probing = null;
            for (const wake of this.listeners) wake();
            return;
          }
        } catch (error) {
          this.lastProblem = this.settings.describe(error);
        }
      }
      // However it fails: that nobody gets a connection may be for those that nothing comes back on.
      if (linked !== null && performance.now() - from >= SILENT_MS) {
        this.reopen();
        from = performance.now();
      }
      await new Promise((resolve) => setTimeout(resolve, PROBE_EVERY_MS).unref());
    }
  }

  /** False if nothing comes back: what a broken connection was asked is waited for no longer. */
  private async answers(linked: T): Promise<boolean> {
    const answer = this.settings.probe(linked).then(() => true);
    return (await within(SILENT_MS, answer, { ref: false })) ?? false;
  }

  /** A connection that failed in the midst of being made isn't made again by itself. */
  private startAgainSoon(error: unknown): void {
    this.lastProblem = this.settings.describe(error);
    if (this.closed) return;
    const again = () => {
      if (this.linked === null) void this.startAgain();
    };
    setTimeout(again, 10 * PROBE_EVERY_MS).unref();
  }

  private startAgain(): Promise<void> {
    const again = async () => {
      try {
        await this.shut?.();
        if (!this.closed) await this.start();
      } catch (error) {
        this.startAgainSoon(error);
      }
    };
    this.starting ??= again().finally(() => (this.starting = null));
    return this.starting;
  }
}
