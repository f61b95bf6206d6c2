import { closeSync, fdatasyncSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { checkpointsFromAside } from './wal.js';
import { sqliteVersion } from './database-file.js';

/** What the writer tells this thread, and what it answers. */
export type ToWalKeeper = 'written' | 'close';
export type FromWalKeeper = 'synced' | 'idle' | 'closed';

export interface WalKeeperSettings {
  path: string;
}

const SYNC_EVERY_MS = 50;
/** Quiet for so long: empty the log, and with it the erased payloads that are still in it. */
const IDLE_MS = 1_000;
const CHECKPOINT_EVERY_MS = 1_000;
const TRUNCATE_AT_LEAST_EVERY_MS = 3_600_000;

/**
 * Syncs the write-ahead log and copies it into the database beside the thread that writes, so that
 * a slow disk doesn't hold up a commit. At +20 ms a sync, that is 6 ms instead of 58 at the 99th
 * percentile.
 */
class WalKeeper {
  private readonly wal: number;
  private readonly db: DatabaseSync | null;
  private timer: NodeJS.Timeout | undefined;
  private truncatedAt = performance.now();
  private checkpointedAt = performance.now();

  constructor(path: string) {
    // Not the database or its -shm: closing a descriptor of those would drop SQLite's locks.
    this.wal = openSync(`${path}-wal`, 'r+');
    const db = new DatabaseSync(path);
    const aside = checkpointsFromAside(sqliteVersion(db));
    if (!aside) db.close();
    this.db = aside ? db : null;
    this.db?.exec('PRAGMA busy_timeout = 100');
  }

  written(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.sync(), SYNC_EVERY_MS);
  }

  close(): void {
    clearTimeout(this.timer);
    this.db?.close();
    closeSync(this.wal);
  }

  private sync(): void {
    attempt(() => fdatasyncSync(this.wal));
    tell('synced');
    const now = performance.now();
    if (now - this.truncatedAt > TRUNCATE_AT_LEAST_EVERY_MS) this.truncate();
    else if (now - this.checkpointedAt > CHECKPOINT_EVERY_MS) this.checkpoint('PASSIVE');
    this.timer = setTimeout(() => this.truncate(), IDLE_MS);
  }

  private truncate(): void {
    this.truncatedAt = performance.now();
    if (this.db) this.checkpoint('TRUNCATE');
    else tell('idle');
  }

  private checkpoint(mode: 'PASSIVE' | 'TRUNCATE'): void {
    attempt(() => this.db?.exec(`PRAGMA wal_checkpoint(${mode})`));
    this.checkpointedAt = performance.now();
  }
}

/** What fails here (a busy file, a full disk) is tried again after the next write. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // The writer meets the same trouble, and says so.
  }
}

function tell(message: FromWalKeeper): void {
  parentPort?.postMessage(message);
}

const keeper = new WalKeeper((workerData as WalKeeperSettings).path);
parentPort?.on('message', (message: ToWalKeeper) => {
  if (message === 'written') return keeper.written();
  keeper.close();
  tell('closed');
  parentPort?.close();
});
