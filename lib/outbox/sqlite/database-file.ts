import { existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ensurePrivateFile } from './private-file.js';
import { isReady, prepareSchema } from './schema.js';
import { isCorrupt } from './sqlite-error.js';
import type { WorkerSettings } from './protocol.js';
import { checkpointsFromAside } from './wal.js';

const BUSY_TIMEOUT_MS = 5_000;
/** Pages. A backstop where another thread checkpoints; SQLite's default where only this one may. */
const AUTOCHECKPOINT = { aside: 32_768, alone: 1_000 };

export interface DatabaseFile {
  readonly db: DatabaseSync;
  /** Of the file that was opened: the path may come to name another one. */
  readonly inode: string;
}

/** Opens the outbox file; makes it, and its folder, if missing. */
export function openDatabaseFile({ path, synchronous }: WorkerSettings): DatabaseFile {
  moveOrphansAway(path);
  makePrivateFile(path);
  const db = new DatabaseSync(path);
  try {
    // The wait comes first: two boots at once both want to switch the journal mode.
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    // Then a look: nothing is changed in a file that isn't ours.
    isReady(db);
    db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${synchronous};
      PRAGMA secure_delete = ON;
      PRAGMA wal_autocheckpoint = ${AUTOCHECKPOINT[checkpointsFromAside(sqliteVersion(db)) ? 'aside' : 'alone']};
    `);
    prepareSchema(db);
    return { db, inode: inodeOf(path)! };
  } catch (error) {
    db.close();
    throw error;
  }
}

export function sqliteVersion(db: DatabaseSync): string {
  return String(db.prepare('SELECT sqlite_version() AS version').get()?.['version']);
}

/** Tells whether a path still names the file that was opened. `stat` takes no descriptor. */
export function inodeOf(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}`;
}

/**
 * Moves an unreadable file out of the way, never deleting it. One process does it at a time; who
 * comes second finds the path mended. Returns the new name, or `null` if there was nothing to do.
 */
export function setAsideCorrupt(settings: WorkerSettings, now: number): string | null {
  const { path } = settings;
  return alone(path, () => {
    if (!isStillCorrupt(settings)) return null;
    const as = `${path}.corrupt-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}`;
    for (const suffix of ['-wal', '-shm', '']) {
      if (existsSync(path + suffix)) renameSync(path + suffix, as + suffix);
    }
    return as;
  });
}

/**
 * Side files whose database was renamed or deleted alone would be taken for those of the new one,
 * while a process that still has the old one open goes on writing to them.
 */
function moveOrphansAway(path: string): void {
  const orphans = () =>
    existsSync(path) ? [] : ['-wal', '-shm'].filter((suffix) => existsSync(path + suffix));
  if (orphans().length === 0) return;
  alone(path, () => {
    for (const suffix of orphans()) renameSync(path + suffix, `${path}.orphan${suffix}`);
  });
}

/** One process at a time mends what is at a path. */
function alone<T>(path: string, work: () => T): T {
  ensurePrivateFile(`${path}-recovery`);
  const lock = new DatabaseSync(`${path}-recovery`);
  try {
    lock.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}; BEGIN EXCLUSIVE`);
    return work();
  } finally {
    lock.close();
  }
}

function isStillCorrupt(settings: WorkerSettings): boolean {
  try {
    const { db } = openDatabaseFile(settings);
    try {
      return db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'] !== 'ok';
    } finally {
      db.close();
    }
  } catch (error) {
    return isCorrupt(error);
  }
}

/** SQLite gives its side files the mode of the file. */
function makePrivateFile(path: string): void {
  const folder = dirname(path);
  if (makePrivateFolder(folder)) writeFileSync(join(folder, '.gitignore'), '*\n');
  ensurePrivateFile(path);
}

/**
 * True if it wasn't there. Without `recursive`: that says ENOENT of a file system that can only be
 * read, and never returns on one such as /proc.
 */
function makePrivateFolder(folder: string): boolean {
  if (existsSync(folder)) return false;
  makePrivateFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
