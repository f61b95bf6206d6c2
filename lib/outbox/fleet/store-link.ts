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
  /** Nothing has come back for long: the connection may be broken, and nobody has noticed. */
  renew(linked: T): void;
  /** Called once a connection was made. Rejects if it is of no use. */
  prepare(linked: T): Promise<void>;
  /** Whether what failed may work in a moment, on another connection. */
  isOutage(error: unknown): boolean;
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
    for (let asked = false; ;) {
      const linked = await this.ready(from + wait.awayMs, asked);
      asked = true;
      try {
        return await this.inTime(from + wait.awayMs + wait.answerMs, work(linked));
      } catch (error) {
        if (error instanceof FleetStoreError) {
          if (error.problem === 'no_answer') void this.lost(this.silence);
          throw error;
        }
        const problem = this.settings.describe(error);
        if (!this.settings.isOutage(error)) throw new FleetStoreError(problem, 'refused');
        void this.lost(problem);
      }
    }
  }

  /** Makes another connection in place of one that may be broken. */
  reopen(): void {
    this.linked = null;
    void this.startAgain();
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
    try {
      const linked = await opening;
      await this.settings.prepare(linked);
      this.linked = linked;
    } catch (error) {
      this.startAgainSoon(error);
    }
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

  /** @param asked whether it may have done it already */
  private async ready(end: number, asked: boolean): Promise<T> {
    if (this.up && this.linked !== null) return this.linked;
    if (this.waiting >= MAX_WAITING) {
      throw new FleetStoreError('more than 10,000 calls are waiting', 'backlog');
    }
    this.waiting += 1;
    try {
      while (!this.up || this.linked === null) {
        if (this.closed) throw new FleetStoreError(CLOSING, 'closed');
        const left = end - performance.now();
        if (left <= 0) throw new FleetStoreError(this.lastProblem, asked ? 'no_answer' : 'away');
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
    while (!this.closed) {
      const { linked } = this;
      if (linked !== null && this.settings.isConnected(linked)) {
        try {
          if (await this.answers(linked)) {
            this.up = true;
            this.probing = null;
            for (const wake of this.listeners) wake();
            return;
          }
          this.settings.renew(linked);
        } catch (error) {
          this.lastProblem = this.settings.describe(error);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, PROBE_EVERY_MS).unref());
    }
  }

  /** False if nothing comes back: what a broken connection was asked is waited for no longer. */
  private answers(linked: T): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => resolve(false), SILENT_MS).unref();
      this.settings
        .probe(linked)
        .then(() => resolve(true), reject)
        .finally(() => clearTimeout(timer));
    });
  }

  /** A connection that failed in the midst of being made isn't made again by itself. */
  private startAgainSoon(error: unknown): void {
    this.lastProblem = this.settings.describe(error);
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
