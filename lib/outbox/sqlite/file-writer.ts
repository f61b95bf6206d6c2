import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { runBatch } from '../sql/batcher.js';
import type { Operation, OperationResult, Owner } from '../sql/operations.js';
import { Heartbeat, HEARTBEAT_MS } from '../sql/owners.js';
import {
  closeReplaced,
  importMovedAside,
  moveAsideWithoutLog,
  moveDamagedAside,
  openOrRecover,
  openReplacement,
} from './file-recovery.js';
import { filesystemOf } from './filesystem.js';
import type { OutboxFile } from './outbox-file.js';
import { isCorrupt, toFailure } from './sqlite-error.js';
import type { FileEvent, OpenReply, WorkerEvent, WorkerSettings } from './worker-messages.js';
import { WriteAheadLog } from './write-ahead-log.js';

const REOPEN_EVERY_MS = 250;

/**
 * What the writer thread does. SQLite's calls are synchronous: here a slow disk, or another process's
 * lock, delays nobody's requests.
 */
export class FileWriter {
  private file: OutboxFile | null = null;
  /** A file that was deleted or replaced, until the one at its path could be opened. */
  private replaced: OutboxFile | null = null;
  private log: WriteAheadLog | null = null;
  private readonly ticker: NodeJS.Timeout;
  private readonly heartbeat: Heartbeat;
  private failure: { error: unknown; at: number } | undefined;
  private isRegistered = false;
  /** Whether nothing is left of a damaged file that could be imported. */
  private isImported = false;
  private closing = false;

  constructor(
    private readonly settings: WorkerSettings,
    private readonly owner: Owner,
    private readonly emit: (event: WorkerEvent) => void,
    /** Runs work when nothing else runs. */
    enqueue: (work: () => Promise<unknown>) => void,
  ) {
    this.heartbeat = new Heartbeat((some) => this.transact(some, Date.now()), owner);
    // From the start: a thread that replaces one that ended isn't asked to open the file.
    this.ticker = setInterval(() => enqueue(() => this.tick()), HEARTBEAT_MS).unref();
  }

  async open(): Promise<OpenReply> {
    // An empty one is left by a start that failed, on a full disk say.
    const existed = (statSync(this.settings.path, { throwIfNoEntry: false })?.size ?? 0) > 0;
    try {
      await this.ensureOpen();
      await this.sweep();
      return { opened: true };
    } catch (error) {
      return { opened: false, failure: toFailure(error), existed };
    }
  }

  run(operations: Operation[], now: number): Promise<OperationResult[]> {
    return runBatch(
      operations,
      (some) => this.transact(some, now),
      (error) => ({ ok: false, failure: toFailure(error) }),
      // Behind another process's lock, each would wait for the same.
      ({ failure }) => failure.code !== 'SQLITE_BUSY',
    );
  }

  async close(): Promise<void> {
    clearInterval(this.ticker);
    // What is saved in a file that was deleted ends with this process.
    if (this.file || this.replaced) await this.checkPlace().catch(() => {});
    this.closing = true;
    this.log?.close();
    const { file, replaced } = this;
    if (replaced) closeReplaced(replaced);
    if (!file) return;
    try {
      const { token } = this.owner;
      await file.transaction(() =>
        file.store.run([{ name: 'unregister', program: '', args: { token } }]),
      );
    } finally {
      file.close();
    }
  }

  private async tick(): Promise<void> {
    if (this.closing) return;
    try {
      await this.checkPlace();
      await this.sweep();
      await this.finishImport();
    } catch (error) {
      this.emit({ type: 'problem', failure: toFailure(error) });
    }
  }

  /** Notices a file, or a log, that was deleted or replaced. What is unfinished in it is imported. */
  private async checkPlace(): Promise<void> {
    const file = await this.ensureOpen();
    if (file.isInPlace() && !file.isLogInPlace()) moveAsideWithoutLog(file);
    if (file.isInPlace()) return;
    this.release();
    this.replaced = file;
    await this.ensureOpen();
  }

  private async sweep(): Promise<void> {
    const { wasAlive, recovered } = await this.heartbeat.beat();
    if (!wasAlive && this.isRegistered) this.emit({ type: 'lease_lost' });
    if (recovered > 0) this.emit({ type: 'recovered' });
    this.isRegistered = true;
  }

  private async transact(operations: Operation[], now: number): Promise<unknown[]> {
    const file = await this.ensureOpen();
    try {
      return await this.transactIn(file, operations, now);
    } catch (error) {
      this.log?.written();
      if (!isCorrupt(error) || !(await this.recover(file))) throw error;
      return this.transactIn(await this.ensureOpen(), operations, now);
    }
  }

  private async transactIn(file: OutboxFile, operations: Operation[], now: number) {
    file.now = now;
    const before = file.changeCount;
    const results = await file.transaction(() => file.store.run(operations));
    if (file.changeCount !== before) this.log?.written();
    return results;
  }

  /** Opens another file in the place of one that turned out to be damaged. */
  private async recover(damaged: OutboxFile): Promise<boolean> {
    if (!damaged.isInPlace() || !moveDamagedAside(this.settings)) return false;
    this.release();
    damaged.close();
    await this.ensureOpen();
    return true;
  }

  private async ensureOpen(): Promise<OutboxFile> {
    if (this.closing) throw new ClosedError();
    if (this.file) return this.file;
    const { failure } = this;
    // Each try may wait for a lock, and all that come meanwhile wait for it.
    if (failure && performance.now() - failure.at < REOPEN_EVERY_MS) throw failure.error;
    try {
      const file = this.use(await this.openAtPath());
      await this.importInto(file);
      return file;
    } catch (error) {
      this.failure = { error, at: performance.now() };
      throw error;
    }
  }

  private async openAtPath(): Promise<OutboxFile> {
    const { replaced, settings } = this;
    const report = (given: FileEvent) => this.report(given);
    if (!replaced) return openOrRecover(settings, report);
    const file = await openReplacement(replaced, settings, this.owner.token, report);
    this.replaced = null;
    this.emit({ type: 'recovered' });
    return file;
  }

  private async importInto(file: OutboxFile): Promise<void> {
    this.isImported = await importMovedAside(file, (event) => this.report(event));
  }

  /** What a full disk, say, kept from being imported. */
  private async finishImport(): Promise<void> {
    if (this.isImported || !this.file) return;
    await this.importInto(this.file);
    if (this.isImported) this.emit({ type: 'recovered' });
  }

  private use(file: OutboxFile): OutboxFile {
    this.file = file;
    this.log = new WriteAheadLog(file);
    this.describe(file);
    return file;
  }

  /** Another file is opened in its place. */
  private release(): void {
    this.file = null;
    this.log?.close();
    this.log = null;
  }

  private describe(file: OutboxFile): void {
    const filesystem = filesystemOf(dirname(this.settings.path));
    if (filesystem.kind === 'volatile') {
      this.report({ type: 'volatile', filesystem: filesystem.name });
    }
    if (filesystem.kind === 'shared') this.report({ type: 'shared_filesystem' });
    for (const each of file.makePrivate()) this.report({ type: 'readable_by_others', file: each });
  }

  private report(event: FileEvent): void {
    this.emit({ type: 'file_event', event });
  }
}

class ClosedError extends Error {
  readonly code = 'CLOSED';
}
