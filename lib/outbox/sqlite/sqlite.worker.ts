import { parentPort, workerData } from 'node:worker_threads';
import { OutboxFile } from './outbox-file.js';
import type {
  Call,
  CallResult,
  FromWorker,
  OpenNote,
  OpenReply,
  TickReply,
  ToWorker,
  WorkerSettings,
} from './protocol.js';
import { isCorrupt, toFailure } from './sqlite-error.js';
import { WalKeeper } from './wal-keeper.js';

const REOPEN_EVERY_MS = 250;

type OpenedFile = ReturnType<typeof OutboxFile.open>;

/**
 * The thread that owns the database connection. SQLite's calls are synchronous: here a slow disk, or
 * another process's lock, holds up nobody's requests.
 */
class Writer {
  private file: OutboxFile | null = null;
  private keeper: WalKeeper | null = null;
  private notes: OpenNote[] = [];
  private closing = false;
  private failed: { error: Error; at: number } | undefined;

  constructor(private readonly settings: WorkerSettings) {}

  open(now: number): OpenReply {
    const existed = OutboxFile.exists(this.settings);
    try {
      this.ensureOpen(now);
      return { opened: true, existed, notes: this.takeNotes() };
    } catch (error) {
      const failure = toFailure(error);
      // Whoever keeps it locked is making it.
      const exists = existed || failure.code === 'SQLITE_BUSY';
      return { opened: false, existed: exists, failure, notes: this.takeNotes() };
    }
  }

  run(calls: readonly Call[], now: number): CallResult[] {
    const results = this.write(calls, now);
    try {
      // Before anything is acknowledged: what is in a deleted file is lost with this process.
      this.ensureInPlace(now);
      return results;
    } catch (error) {
      const failure = toFailure(error);
      return calls.map(() => ({ ok: false, failure }));
    }
  }

  tick(now: number): TickReply {
    const recovered = this.mending(now, () => this.ensureInPlace(now).sweep(now));
    return { recovered, notes: this.takeNotes() };
  }

  async close(now: number): Promise<void> {
    const { file } = this;
    this.closing = true;
    await this.keeper?.close();
    file?.close(now);
  }

  /** One commit for all that arrived while the last one ran. */
  private write(calls: readonly Call[], now: number): CallResult[] {
    const results = this.commit(calls, now);
    const [first] = results;
    if (first!.ok || calls.length === 1 || first!.failure.code === 'SQLITE_BUSY') return results;
    // One of them may be to blame, such as a write on a full disk: the others go on. Behind a lock,
    // each would wait for the same.
    const accepts = calls.filter(isAccept);
    const accepted = accepts.length > 0 ? this.commit(accepts, now) : [];
    return calls.map((call) => (isAccept(call) ? accepted.shift()! : this.commit([call], now)[0]!));
  }

  /** All of them, or none. */
  private commit(calls: readonly Call[], now: number): CallResult[] {
    try {
      const values = this.mending(now, () => this.transact(calls, now));
      return values.map((value) => ({ ok: true, value }));
    } catch (error) {
      // What fills the disk may be the log: have it emptied.
      this.keeper?.written();
      const failure = toFailure(error);
      return calls.map(() => ({ ok: false, failure }));
    }
  }

  private transact(calls: readonly Call[], now: number): unknown[] {
    const { store } = this.ensureOpen(now);
    const before = store.changeCount;
    const values = store.run(calls);
    if (store.changeCount !== before) this.keeper?.written();
    return values;
  }

  /** Where the file turns out to be damaged, does it once more on the one that takes its place. */
  private mending<T>(now: number, work: () => T): T {
    try {
      return work();
    } catch (error) {
      const { file } = this;
      const opened = file && isCorrupt(error) ? file.replaceIfDamaged(now) : null;
      if (!file || !opened) throw error;
      this.replace(file, opened);
      return work();
    }
  }

  private ensureOpen(now: number): OutboxFile {
    if (this.closing) throw new ClosedError();
    return this.file ?? this.use(this.openAgain(now));
  }

  /** Each try may wait for a lock, and all that come meanwhile wait for it. */
  private openAgain(now: number): OpenedFile {
    const { failed } = this;
    if (failed && performance.now() - failed.at < REOPEN_EVERY_MS) throw failed.error;
    try {
      return OutboxFile.open(this.settings, now);
    } catch (error) {
      this.failed = { error: error as Error, at: performance.now() };
      throw error;
    }
  }

  private ensureInPlace(now: number): OutboxFile {
    const file = this.ensureOpen(now);
    if (file.isInPlace()) return file;
    const opened = OutboxFile.open(this.settings, now);
    try {
      file.moveInto(opened.file, now);
    } catch {
      // Nothing in it can be read any more; what comes now is kept.
    }
    return this.replace(file, opened);
  }

  private replace(old: OutboxFile, opened: OpenedFile): OutboxFile {
    old.abandon();
    return this.use(opened);
  }

  private use({ file, notes }: OpenedFile): OutboxFile {
    this.notes.push(...notes);
    void this.keeper?.close();
    this.keeper = new WalKeeper(this.settings.path, () => file.truncateLog());
    this.file = file;
    return file;
  }

  private takeNotes(): OpenNote[] {
    return this.notes.splice(0);
  }
}

class ClosedError extends Error {
  readonly code = 'CLOSED';
}

function isAccept(call: Call): boolean {
  return call[0] === 'accept';
}

const writer = new Writer(workerData as WorkerSettings);

async function answer(message: ToWorker): Promise<void> {
  let reply: FromWorker;
  try {
    reply = { n: message.n, ok: true, value: await handle(message) };
  } catch (error) {
    reply = { n: message.n, ok: false, failure: toFailure(error) };
  }
  parentPort?.postMessage(reply);
  if (message.type === 'close') parentPort?.close();
}

parentPort?.on('message', (message: ToWorker) => void answer(message));

function handle(message: ToWorker): unknown {
  switch (message.type) {
    case 'open':
      return writer.open(message.now);
    case 'run':
      return writer.run(message.calls, message.now);
    case 'tick':
      return writer.tick(message.now);
    case 'close':
      return writer.close(message.now);
  }
}
