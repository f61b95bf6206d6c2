import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { PartneroConfigurationError } from '../../partnero.configuration-error.js';
import { here } from './here.cjs';
import type {
  Call,
  CallResult,
  FromWorker,
  OpenNote,
  OpenReply,
  OperationName,
  Operations,
  TickReply,
  ToWorker,
  WorkerSettings,
} from './protocol.js';
import { SqliteOutboxError } from './sqlite-failure.js';

interface Waiting {
  readonly call: Call;
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

type Request = ToWorker extends infer M
  ? M extends ToWorker
    ? Omit<M, 'n' | 'now'>
    : never
  : never;

/** More writes than this behind a disk that hangs are refused rather than kept in memory. */
const MAX_WAITING = 10_000;
/** Batches under way at once: while one is written, the next is at hand. */
const MAX_COMMITS = 3;
/**
 * So many writes go before this turn of the event loop is over: the other thread then works beside
 * this one. Fewer cost more in waking it than they gain.
 */
const MIN_FULL_BATCH = 16;
const TICK_MS = 2_000;

/**
 * The main thread's side of one outbox file. All programs of a process that use the same file share
 * one engine, and so one thread, one connection and one commit.
 */
export class SqliteEngine {
  private static readonly running = new Map<string, SqliteEngine>();

  private worker: Worker | null = null;
  private users = 0;
  private lastNumber = 0;
  #waiting: Waiting[] = [];
  private commits = 0;
  /** Writes in these commits. */
  private underWay = 0;
  private scheduled = false;
  private readonly requests = new Map<number, Pick<Waiting, 'resolve' | 'reject'>>();
  private readonly recoveredListeners = new Set<() => void>();
  private readonly noteListeners = new Set<(note: OpenNote) => void>();
  private ticker: NodeJS.Timeout | undefined;
  private closed: Promise<void> | null = null;

  private constructor(private readonly settings: WorkerSettings) {}

  /** @throws PartneroConfigurationError where Node.js is too old, or two programs disagree */
  static async acquire(settings: WorkerSettings): Promise<SqliteEngine> {
    if (!isBuiltin('node:sqlite')) {
      throw new PartneroConfigurationError(
        `sqliteOutbox() needs node:sqlite, which Node.js has from 22.13 on; this is ${process.version}. ` +
          'Update Node.js, or use inlineOutbox().',
      );
    }
    const running = SqliteEngine.running.get(settings.path);
    if (running?.closed) await running.closed;
    const engine = SqliteEngine.running.get(settings.path) ?? new SqliteEngine(settings);
    if (engine.settings.synchronous !== settings.synchronous) {
      throw new PartneroConfigurationError(
        `Two programs share the outbox ${settings.path}, one with synchronous 'normal', one with ` +
          "'full'. Give both the same, or each a path of its own.",
      );
    }
    SqliteEngine.running.set(settings.path, engine);
    engine.users += 1;
    return engine;
  }

  /** Opens the file, or says why that can't be done now. */
  async open(): Promise<OpenReply> {
    const reply = (await this.request({ type: 'open' })) as OpenReply;
    this.tell(reply.notes);
    this.ticker ??= setInterval(() => void this.tick(), TICK_MS).unref();
    return reply;
  }

  /** Runs an operation in the next commit. Rejects with a SqliteOutboxError. */
  call<N extends OperationName>(
    name: N,
    program: string,
    ask: Operations[N]['ask'],
  ): Promise<Operations[N]['reply']> {
    return new Promise((resolve, reject) => {
      if (this.closed) return reject(new SqliteOutboxError({ code: 'CLOSED', message: '' }));
      if (this.#waiting.length >= MAX_WAITING) {
        return reject(new SqliteOutboxError({ code: 'BACKLOG', message: '' }));
      }
      const call = [name, program, ask] as unknown as Call;
      this.#waiting.push({ call, resolve, reject });
      if (this.isBatchFull() && this.commits < MAX_COMMITS) void this.commit();
      else this.commitSoon();
    });
  }

  /** Jobs were taken over from a process that died. */
  onRecovered(listener: () => void): () => void {
    this.recoveredListeners.add(listener);
    return () => this.recoveredListeners.delete(listener);
  }

  onNote(listener: (note: OpenNote) => void): () => void {
    this.noteListeners.add(listener);
    return () => this.noteListeners.delete(listener);
  }

  /** The last user closes the file. */
  async release(): Promise<void> {
    this.users -= 1;
    if (this.users > 0) return;
    this.closed ??= this.close();
    await this.closed;
  }

  private async close(): Promise<void> {
    clearInterval(this.ticker);
    try {
      if (this.worker) await this.request({ type: 'close' });
    } catch {
      // What this process owned is taken over by the next one.
    } finally {
      await this.worker?.terminate();
      this.worker = null;
      SqliteEngine.running.delete(this.settings.path);
    }
  }

  private async tick(): Promise<void> {
    try {
      const reply = (await this.request({ type: 'tick' })) as TickReply;
      this.tell(reply.notes);
      if (reply.recovered > 0) for (const listener of this.recoveredListeners) listener();
    } catch {
      // The writes that meet the same trouble are reported by those who asked for them.
    }
  }

  /** What the same turn of the event loop brings goes into one commit. */
  private commitSoon(): void {
    if (this.scheduled || this.commits >= MAX_COMMITS) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      if (this.#waiting.length > 0) void this.commit();
    });
  }

  private isBatchFull(): boolean {
    const written = this.#waiting.length + this.underWay;
    return this.#waiting.length >= Math.max(MIN_FULL_BATCH, written / MAX_COMMITS);
  }

  private async commit(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    this.commits += 1;
    this.underWay += batch.length;
    await this.run(batch);
    this.commits -= 1;
    this.underWay -= batch.length;
    if (this.#waiting.length > 0) this.commitSoon();
  }

  private async run(batch: readonly Waiting[]): Promise<void> {
    try {
      const calls = batch.map(({ call }) => call);
      const results = (await this.request({ type: 'run', calls })) as CallResult[];
      results.forEach((result, index) => answer(batch[index]!, result));
    } catch (error) {
      const canBeSent = error instanceof SqliteOutboxError;
      // One of them can't be sent to a thread (a caller without types): the others can.
      if (!canBeSent && batch.length > 1) await Promise.all(batch.map((one) => this.run([one])));
      else for (const { reject } of batch) reject(error as Error);
    }
  }

  private request(message: Request): Promise<unknown> {
    const worker = (this.worker ??= this.startWorker());
    const n = (this.lastNumber += 1);
    return new Promise((resolve, reject) => {
      // First, since it throws if something can't be sent.
      worker.postMessage({ ...message, n, now: Date.now() });
      // A process must not end while something it was asked to keep is on its way to the disk.
      if (this.requests.size === 0) worker.ref();
      this.requests.set(n, { resolve, reject });
    });
  }

  private startWorker(): Worker {
    const worker = new Worker(join(here, 'sqlite.worker.js'), {
      workerData: this.settings,
      name: 'partnero-outbox',
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    worker.unref();
    worker.on('message', (reply: FromWorker) => this.receive(worker, reply));
    worker.on('error', (error: NodeJS.ErrnoException) => this.lose(worker, error));
    worker.on('exit', () => this.lose(worker, new Error('the outbox thread ended')));
    return worker;
  }

  private receive(worker: Worker, reply: FromWorker): void {
    const request = this.requests.get(reply.n);
    this.requests.delete(reply.n);
    if (this.requests.size === 0) worker.unref();
    if (reply.ok) request?.resolve(reply.value as never);
    else request?.reject(new SqliteOutboxError(reply.failure));
  }

  /** The next call starts a new thread; what the old one held counts as left by a dead process. */
  private lose(worker: Worker, error: NodeJS.ErrnoException): void {
    if (this.worker !== worker) return;
    this.worker = null;
    const failure = { code: 'WORKER', message: error.message };
    for (const { reject } of this.requests.values()) reject(new SqliteOutboxError(failure));
    this.requests.clear();
  }

  private tell(notes: readonly OpenNote[]): void {
    for (const note of notes) for (const listener of this.noteListeners) listener(note);
  }
}

function answer(waiting: Waiting, result: CallResult): void {
  if (result.ok) waiting.resolve(result.value as never);
  else waiting.reject(new SqliteOutboxError(result.failure));
}
