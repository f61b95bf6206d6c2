import { closeSync, fdatasync, openSync } from 'node:fs';
import type { OutboxFile } from './outbox-file.js';

const SYNC_AFTER_MS = 50;
const COPY_EVERY_MS = 1_000;
/** However busy the app is: erased payloads are in the log, too. */
const EMPTY_AT_LEAST_EVERY_MS = 60_000;

/**
 * Copies the write-ahead log into the file each second while something is written, and empties it after a
 * second without a write. Syncs it before that in libuv's thread pool, so that a copy waits less for the disk.
 */
export class WriteAheadLog {
  private readonly descriptor: number | null;
  private copyTimer: NodeJS.Timeout | undefined;
  private syncTimer: NodeJS.Timeout | undefined;
  private isBusy = false;
  private isSyncing = false;
  /** Something was written during a sync. */
  private isUnsynced = false;
  private isClosed = false;
  private emptiedAt = performance.now();

  constructor(private readonly file: Pick<OutboxFile, 'path' | 'copyLog' | 'emptyLog'>) {
    this.descriptor = openLog(`${file.path}-wal`);
  }

  /** After a commit, or one that failed: what fills the disk may be the log. */
  written(): void {
    if (this.copyTimer) this.isBusy = true;
    else this.copySoon();
    if (this.isSyncing) this.isUnsynced = true;
    else this.syncTimer ??= setTimeout(() => this.sync(), SYNC_AFTER_MS).unref();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.copyTimer);
    clearTimeout(this.syncTimer);
    if (!this.isSyncing) this.closeLog();
  }

  private copySoon(): void {
    this.isBusy = false;
    this.copyTimer = setTimeout(() => this.copy(), COPY_EVERY_MS).unref();
  }

  private copy(): void {
    this.copyTimer = undefined;
    const now = performance.now();
    const isDue = now - this.emptiedAt > EMPTY_AT_LEAST_EVERY_MS;
    if (this.isBusy && !isDue) this.file.copyLog();
    else if (this.file.emptyLog()) this.emptiedAt = now;
    if (this.isBusy) this.copySoon();
  }

  private sync(): void {
    this.syncTimer = undefined;
    if (this.descriptor === null) return;
    this.isUnsynced = false;
    this.isSyncing = true;
    fdatasync(this.descriptor, () => {
      this.isSyncing = false;
      if (this.isClosed) this.closeLog();
      else if (this.isUnsynced) this.sync();
    });
  }

  private closeLog(): void {
    // In this thread: the end of a worker cancels what waits for libuv's pool, and the descriptor would leak.
    if (this.descriptor !== null) closeSync(this.descriptor);
  }
}

/** `null` where a process has run out of descriptors, say. */
function openLog(path: string): number | null {
  try {
    // Not the database or its -shm: closing a descriptor of those would drop SQLite's locks.
    return openSync(path, 'r+');
  } catch {
    return null;
  }
}
