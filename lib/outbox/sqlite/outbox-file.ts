import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  inodeOf,
  openDatabaseFile,
  setAsideCorrupt,
  sqliteVersion,
  type DatabaseFile,
} from './database-file.js';
import { filesystemOf } from './filesystem.js';
import { moveJobs, salvageJobs, type Side } from './move-jobs.js';
import { livingOwners, Owners } from './owners.js';
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
    try {
      this.store = new Store(file.db, () => this.owners.id);
      this.store.transaction(() => this.owners.register(now));
    } catch (error) {
      this.owners.release();
      throw error;
    }
  }

  static open(settings: WorkerSettings, now: number): { file: OutboxFile; notes: OpenNote[] } {
    try {
      return OutboxFile.openAsIs(settings, now);
    } catch (error) {
      if (!isCorrupt(error)) throw error;
      const as = setAsideCorrupt(settings, now);
      const opened = OutboxFile.openAsIs(settings, now);
      if (as)
        opened.notes.push({ type: 'set_aside', as, saved: opened.file.salvage(as, null, now) });
      return opened;
    }
  }

  private static openAsIs(settings: WorkerSettings, now: number) {
    const notes: OpenNote[] = [];
    const opened = openDatabaseFile(settings);
    let file: OutboxFile | undefined;
    try {
      const filesystem = filesystemOf(dirname(settings.path));
      if (filesystem.kind === 'volatile') {
        notes.push({ type: 'volatile', filesystem: filesystem.name });
      }
      if (filesystem.kind === 'shared') notes.push({ type: 'shared_filesystem' });
      const version = sqliteVersion(opened.db);
      if (!checkpointsFromAside(version)) notes.push({ type: 'old_sqlite', version });
      file = new OutboxFile(opened, settings, filesystem.kind === 'shared', now);
      file.sweep(now);
      return { file, notes };
    } catch (error) {
      if (file) file.abandon();
      else opened.db.close();
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

  /** Moves what isn't settled, and is nobody else's, into the file that took this one's place. */
  moveInto(target: OutboxFile, now: number): void {
    const { owner } = this.side;
    try {
      moveJobs(this.side, target.side, now);
    } catch {
      // Damaged. Who set it aside takes care of all that is nobody's.
      salvageJobs({ db: this.file.db, owner }, target.side, (each) => each === owner, now);
    }
  }

  /**
   * If this file is damaged: sets it aside, opens another one in its place, and takes along what can
   * still be read.
   */
  replaceIfDamaged(now: number): { file: OutboxFile; notes: OpenNote[] } | null {
    const as = this.isInPlace() ? setAsideCorrupt(this.settings, now) : null;
    if (!as) return null;
    const opened = OutboxFile.open(this.settings, now);
    const saved = opened.file.salvage(as, this.owners.id, now);
    opened.notes.push({ type: 'set_aside', as, saved });
    return opened;
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

  private get side(): Side {
    return { store: this.store, owner: this.owners.id };
  }

  /** @param owner who this process was in that file */
  private salvage(as: string, owner: number | null, now: number): number {
    // Without these two, SQLite refuses to read anything of a file that was cut short.
    const db = new DatabaseSync(as, { readOnly: true, defensive: false });
    try {
      db.exec('PRAGMA writable_schema = ON');
      const others = livingOwners(db, this.settings.path, now);
      if (owner !== null) others.delete(owner);
      const isOurs = (each: number | null) => each === null || !others.has(each);
      return salvageJobs({ db, owner }, this.side, isOurs, now);
    } catch {
      // Nothing in it can be read.
      return 0;
    } finally {
      db.close();
    }
  }
}
