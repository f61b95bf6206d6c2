import { close, fdatasync, openSync } from 'node:fs';

const SYNC_AFTER_MS = 50;
/** After so long without a write, the log is emptied, and with it the erased payloads still in it. */
const IDLE_MS = 1_000;
/** At the latest, however busy the app is. */
const TRUNCATE_AT_LEAST_EVERY_MS = 60_000;

/**
 * Syncs the write-ahead log soon after a commit, beside the writer's thread: a slow disk then delays
 * no commit. Empties the log when nothing is written.
 */
export class WriteAheadLog {
  private readonly file: number | null;
  private timer: NodeJS.Timeout | undefined;
  private isWritten = false;
  private isSyncing = false;
  private isClosed = false;
  private truncatedAt = performance.now();

  /** `truncate` returns false if the log is in use. */
  constructor(
    path: string,
    private readonly truncate: () => boolean,
  ) {
    this.file = openLog(`${path}-wal`);
  }

  /** After a commit. */
  written(): void {
    if (this.isWritten) return;
    this.isWritten = true;
    if (!this.isSyncing) this.after(SYNC_AFTER_MS, () => this.sync());
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    if (!this.isSyncing) this.closeFile();
  }

  private sync(): void {
    this.isWritten = false;
    if (this.file === null) return this.synced();
    this.isSyncing = true;
    // What fails here is tried again after the next commit.
    fdatasync(this.file, () => this.synced());
  }

  private synced(): void {
    this.isSyncing = false;
    if (this.isClosed) return this.closeFile();
    const isDue = performance.now() - this.truncatedAt > TRUNCATE_AT_LEAST_EVERY_MS;
    if (this.isWritten) this.after(SYNC_AFTER_MS, () => this.sync());
    else this.after(IDLE_MS, () => this.empty());
    if (isDue) this.empty();
  }

  private empty(): void {
    if (this.truncate()) this.truncatedAt = performance.now();
  }

  private after(ms: number, work: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(work, ms).unref();
  }

  private closeFile(): void {
    if (this.file !== null) close(this.file, () => {});
  }
}

/** `null` where a process has run out of descriptors, say. Then only a power cut costs more. */
function openLog(path: string): number | null {
  try {
    // Not the database or its -shm: closing a descriptor of those would drop SQLite's locks.
    return openSync(path, 'r+');
  } catch {
    return null;
  }
}
