import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  inodeOf,
  openDatabaseFile,
  setAsideCorrupt,
  sqliteVersion,
  type DatabaseFile,
} from './database-file.js';
import { filesystemOf } from './filesystem.js';
import { moveJobs } from './move-jobs.js';
import { Owners } from './owners.js';
import type { OpenNote, WorkerSettings } from './protocol.js';
import { isCorrupt } from './sqlite-error.js';
import { Store } from './store.js';
import { checkpointsFromAside } from './wal.js';

/** One opened outbox file: its database, the store on it, and this process's claim to its rows. */
export class OutboxFile {
  readonly store: Store;
  private readonly owners: Owners;

  private constructor(
    private readonly file: DatabaseFile,
    private readonly settings: WorkerSettings,
    shared: boolean,
    now: number,
  ) {
    this.owners = new Owners(file.db, settings.path, shared);
    this.store = new Store(file.db, () => this.owners.id);
    this.store.transaction(() => this.owners.register(now));
  }

  static open(settings: WorkerSettings, now: number): { file: OutboxFile; notes: OpenNote[] } {
    const notes: OpenNote[] = [];
    const opened = openOrSetAside(settings, now, notes);
    try {
      const filesystem = filesystemOf(dirname(settings.path));
      if (filesystem.kind === 'volatile') {
        notes.push({ type: 'volatile', filesystem: filesystem.name });
      }
      if (filesystem.kind === 'shared') notes.push({ type: 'shared_filesystem' });
      const version = sqliteVersion(opened.db);
      if (!checkpointsFromAside(version)) notes.push({ type: 'old_sqlite', version });
      const file = new OutboxFile(opened, settings, filesystem.kind === 'shared', now);
      file.sweep(now);
      return { file, notes };
    } catch (error) {
      opened.db.close();
      throw error;
    }
  }

  static exists(settings: WorkerSettings): boolean {
    return statSync(settings.path, { throwIfNoEntry: false })?.isFile() ?? false;
  }

  /** Whether the path still names this file. Where not, what is written here would be lost. */
  isInPlace(): boolean {
    return inodeOf(this.settings.path) === this.file.inode;
  }

  /** Takes over what dead processes held. How many jobs. */
  sweep(now: number): number {
    if (this.owners.leased) this.store.transaction(() => this.owners.heartbeat(now));
    let recovered = 0;
    for (const { id, token } of this.owners.dead(now)) {
      this.store.transaction(() => {
        recovered += this.store.recover(id, now);
        this.owners.forget(id);
      });
      this.owners.removeLockOf(token);
    }
    return recovered;
  }

  /** Moves what isn't settled, and is nobody else's, into another file. How many jobs. */
  moveInto(target: OutboxFile, now: number): number {
    return moveJobs(
      { store: this.store, owner: this.owners.id },
      { store: target.store, owner: target.owners.id },
      now,
    );
  }

  /** Empties the write-ahead log, if no other process is in the way. */
  truncateLog(): void {
    try {
      this.file.db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // Tried again when it is idle next.
    }
  }

  /** Lets go. What this process owned may be claimed by others at once. */
  close(now: number): void {
    try {
      this.store.transaction(() => {
        this.store.recover(this.owners.id, now);
        this.owners.forget(this.owners.id);
      });
    } finally {
      this.abandon();
    }
  }

  /** Closes without a last write, as a crash would. */
  abandon(): void {
    this.file.db.close();
    this.owners.release();
  }
}

function openOrSetAside(settings: WorkerSettings, now: number, notes: OpenNote[]): DatabaseFile {
  try {
    return openDatabaseFile(settings);
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    const as = setAsideCorrupt(settings, now);
    if (as) notes.push({ type: 'set_aside', as });
    return openDatabaseFile(settings);
  }
}
