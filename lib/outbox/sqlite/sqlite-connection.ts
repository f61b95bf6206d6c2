import { accessSync, constants, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import type { Worker } from 'node:worker_threads';
import { PartneroConfigurationError } from '../../common/partnero.configuration-error.js';
import type { OutboxLog } from '../outbox-engine.js';
import { Batcher } from '../sql/batcher.js';
import type { Args, OperationName, Owner, Reply, StoreFailure } from '../sql/operations.js';
import { newOwner } from '../sql/owners.js';
import type { StoreConnection, StoreListener } from '../sql/store-connection.js';
import { StoreError } from '../sql/store.error.js';
import { logFileEvent } from './log-file-event.js';
import { isPassing } from './sqlite-error.js';
import { startWorker } from './start-worker.js';
import type {
  FromWorker,
  OpenReply,
  RunReply,
  ToWorker,
  WorkerEvent,
  WorkerSettings,
} from './worker-messages.js';

interface Request {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

type Message = ToWorker extends infer M ? (M extends ToWorker ? Omit<M, 'n'> : never) : never;

type StartError = Error & { code?: string; reason?: string; permission?: string };

/**
 * The main thread's side of an outbox file. All programs of a process that use a file share a thread,
 * a connection and its commits.
 */
export class SqliteConnection implements StoreConnection {
  private static readonly shared = new Map<string, SqliteConnection>();

  private readonly identity: Owner = newOwner();
  private readonly batcher = new Batcher((operations) =>
    this.request<RunReply>({ type: 'run', operations, now: Date.now() }),
  );
  private readonly listeners = new Set<StoreListener>();
  private readonly requests = new Map<number, Request>();
  private worker: Worker | null = null;
  private lastNumber = 0;
  private users = 0;
  private opening: Promise<void> | null = null;
  private closing: Promise<void> | null = null;

  private constructor(
    private readonly settings: WorkerSettings,
    private readonly log: OutboxLog,
  ) {}

  /** @throws PartneroConfigurationError where Node.js is too old, or two programs disagree */
  static get(settings: WorkerSettings, log: OutboxLog): SqliteConnection {
    if (!isBuiltin('node:sqlite')) {
      throw new PartneroConfigurationError(
        `sqliteOutbox() needs node:sqlite, which Node.js has from 22.13 on; this is ${process.version}. ` +
          'Update Node.js, or use inlineOutbox().',
      );
    }
    const shared = SqliteConnection.shared.get(settings.path);
    const connection = shared && !shared.closing ? shared : new SqliteConnection(settings, log);
    if (connection.settings.synchronous !== settings.synchronous) {
      throw new PartneroConfigurationError(
        `Two programs share the outbox ${settings.path}, one with synchronous 'normal', one with ` +
          "'full'. Give both the same, or each a path of its own.",
      );
    }
    SqliteConnection.shared.set(settings.path, connection);
    connection.users += 1;
    return connection;
  }

  get owner(): string {
    return this.identity.token;
  }

  open(): Promise<void> {
    this.opening ??= this.openFile();
    return this.opening;
  }

  call<N extends OperationName>(name: N, program: string, args: Args<N>): Promise<Reply<N>> {
    if (this.closing) return Promise.reject(new StoreError({ code: 'CLOSED', message: '' }));
    return this.batcher.call(name, program, args);
  }

  subscribe(listener: StoreListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The last user closes the file. */
  async close(): Promise<void> {
    this.users -= 1;
    if (this.users > 0) return;
    this.closing ??= this.closeFile();
    await this.closing;
  }

  private async openFile(): Promise<void> {
    const reply = await this.tryToOpen();
    if (reply.opened) return;
    const error = new StoreError(reply.failure);
    if (!mayPass(reply)) {
      // The app doesn't start, and nobody will close what was opened here.
      this.closing ??= this.closeFile();
      await this.closing;
      throw this.unusable(error, reply.existed);
    }
    this.tell((listener) => listener.onProblem(error));
  }

  private async tryToOpen(): Promise<OpenReply> {
    try {
      return await this.request<OpenReply>({ type: 'open' });
    } catch (error) {
      // The thread couldn't be started.
      const { reason, code = reason ?? 'UNKNOWN', permission, message: own } = error as StartError;
      // Older versions of Node.js don't say what to do.
      const message = permission === 'WorkerThreads' ? NO_THREADS : own;
      return { opened: false, existed: false, failure: { code, message } };
    }
  }

  private unusable(error: StoreError, existed: boolean): PartneroConfigurationError {
    const { path } = this.settings;
    return new PartneroConfigurationError(
      `The outbox file ${path} can't be ${existed ? 'used' : 'made'}: ${error.message}. ` +
        (existed ? permissionsOf(path) : '') +
        'Give a path on a disk that this process may read and write, with sqliteOutbox({ path }) or ' +
        'PARTNERO_OUTBOX_PATH. Where there is no such disk (serverless), use inlineOutbox().',
    );
  }

  private async closeFile(): Promise<void> {
    try {
      if (this.worker) await this.request({ type: 'close' });
    } catch {
      // What this process owned is taken over by the next one.
    } finally {
      await this.worker?.terminate();
      this.worker = null;
      const { path } = this.settings;
      if (SqliteConnection.shared.get(path) === this) SqliteConnection.shared.delete(path);
    }
  }

  private request<T>(message: Message): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.closing && message.type !== 'close') {
        return reject(new StoreError({ code: 'CLOSED', message: '' }));
      }
      const worker = (this.worker ??= this.start());
      const n = (this.lastNumber += 1);
      // First, since it throws if something can't be sent.
      worker.postMessage({ ...message, n });
      // A process must not end while something it was asked to save is on its way to the disk.
      if (this.requests.size === 0) worker.ref();
      this.requests.set(n, { resolve, reject });
    });
  }

  private start(): Worker {
    const { settings, identity: owner } = this;
    const worker = startWorker({ settings, owner });
    worker.unref();
    worker.on('message', (message: FromWorker) => this.receive(worker, message));
    worker.on('error', (error) => this.lose(worker, error));
    worker.on('exit', () => this.lose(worker, new Error('the outbox thread ended')));
    return worker;
  }

  private receive(worker: Worker, message: FromWorker): void {
    if (message.type === 'event') return this.handle(message.event);
    const request = this.requests.get(message.n);
    this.requests.delete(message.n);
    if (this.requests.size === 0) worker.unref();
    if (message.ok) request?.resolve(message.value as never);
    else request?.reject(new StoreError(message.failure));
  }

  private handle(event: WorkerEvent): void {
    switch (event.type) {
      case 'recovered':
        return this.tell((listener) => listener.onJobs());
      case 'lease_lost':
        return this.tell((listener) => listener.onLeaseLost());
      case 'problem':
        return this.tell((listener) => listener.onProblem(new StoreError(event.failure)));
      case 'file_event':
        return logFileEvent(event.event, this.settings.path, this.log);
    }
  }

  /** The next request starts a new thread. */
  private lose(worker: Worker, error: Error & { code?: string }): void {
    if (this.worker !== worker) return;
    this.worker = null;
    const { code = 'WORKER', message } = error;
    const failure: StoreFailure = { code, message, mayBeSaved: true };
    for (const { reject } of this.requests.values()) reject(new StoreError(failure));
    this.requests.clear();
  }

  private tell(about: (listener: StoreListener) => void): void {
    for (const listener of this.listeners) about(listener);
  }
}

const NO_THREADS = 'this process may not start a thread. Use --allow-worker';

/** Why it can't be used, as far as that can be found out. */
function permissionsOf(path: string): string {
  try {
    if (isOnReadOnlyDisk(path)) return 'Its file system can only be read. ';
    const { uid, mode } = statSync(path);
    const me = process.geteuid?.();
    const permissions = (mode & 0o777).toString(8).padStart(4, '0');
    return `It belongs to user ${uid} (mode ${permissions}); this process runs as user ${me}. `;
  } catch {
    return '';
  }
}

function isOnReadOnlyDisk(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS';
  }
}

function mayPass({ failure, existed }: OpenReply & { opened: false }): boolean {
  return failure.code === 'SQLITE_BUSY' || (existed && isPassing(failure));
}
