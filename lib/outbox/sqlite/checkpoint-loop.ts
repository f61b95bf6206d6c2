import { closeSync, fdatasyncSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { MessagePort } from 'node:worker_threads';
import { inodeOf } from './outbox-file.js';
import type { FromCheckpointer, ToCheckpointer } from './wal-checkpointer.js';
import type { CheckpointedFile } from './worker-messages.js';
import { checkpointsFromAside, sqliteVersion } from './wal.js';

const SYNC_EVERY_MS = 50;
/** After so long without a write, the log is emptied, and with it the erased payloads still in it. */
const IDLE_MS = 1_000;
/** At the latest, however busy the app is. */
const TRUNCATE_AT_LEAST_EVERY_MS = 60_000;
const CHECKPOINT_EVERY_MS = 1_000;

/**
 * Syncs the write-ahead log and copies it into the database, in a thread beside the writer's, so that a
 * slow disk doesn't delay a commit: at 20 ms a sync, 6 ms instead of 58 at the 99th percentile.
 */
export class CheckpointLoop {
  private readonly wal: number;
  private readonly db: DatabaseSync | null;
  private timer: NodeJS.Timeout | undefined;
  private truncatedAt = performance.now();
  private checkpointedAt = performance.now();

  static start(file: CheckpointedFile, port: MessagePort): CheckpointLoop {
    return new CheckpointLoop(file, port);
  }

  private constructor(
    { path, inode }: CheckpointedFile,
    private readonly port: MessagePort,
  ) {
    // To open another file would begin a log for it, in the place of this one's.
    if (inodeOf(path) !== inode) throw new Error(`${path} was replaced`);
    // Not the database or its -shm: closing a descriptor of those would drop SQLite's locks.
    this.wal = openSync(`${path}-wal`, 'r+');
    const db = new DatabaseSync(path);
    const aside = checkpointsFromAside(sqliteVersion(db));
    if (!aside) db.close();
    this.db = aside ? db : null;
    this.db?.exec('PRAGMA busy_timeout = 100');
    port.on('message', (message: ToCheckpointer) => {
      if (message === 'written') this.written();
      else this.close();
    });
  }

  private written(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.sync(), SYNC_EVERY_MS);
  }

  private close(): void {
    clearTimeout(this.timer);
    this.db?.close();
    closeSync(this.wal);
    this.port.close();
  }

  private sync(): void {
    attempt(() => fdatasyncSync(this.wal));
    this.post('synced');
    const now = performance.now();
    if (now - this.truncatedAt > TRUNCATE_AT_LEAST_EVERY_MS) this.truncate();
    else if (now - this.checkpointedAt > CHECKPOINT_EVERY_MS) this.checkpoint('PASSIVE');
    this.timer = setTimeout(() => this.truncate(), IDLE_MS);
  }

  private truncate(): void {
    this.truncatedAt = performance.now();
    if (this.db) this.checkpoint('TRUNCATE');
    else this.post('idle');
  }

  private checkpoint(mode: 'PASSIVE' | 'TRUNCATE'): void {
    attempt(() => this.db?.exec(`PRAGMA wal_checkpoint(${mode})`));
    this.checkpointedAt = performance.now();
  }

  private post(message: FromCheckpointer): void {
    this.port.postMessage(message);
  }
}

/** What fails here (a busy file, a full disk) is tried again after the next write. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // The writer meets the same trouble, and reports it.
  }
}
