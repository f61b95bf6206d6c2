import { existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ensurePrivateFile } from './private-file.js';
import { isReady, prepareSchema } from './schema.js';
import { isCorrupt, toFailure } from './sqlite-error.js';
import type { WorkerSettings } from './protocol.js';
import { checkpointsFromAside } from './wal.js';

const BUSY_TIMEOUT_MS = 5_000;
const BUSY_RETRY_MS = 5;
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
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    // First a look: nothing is changed in a file that isn't ours.
    if (!isReady(db)) makeReady(db);
    db.exec(`
      PRAGMA synchronous = ${synchronous};
      PRAGMA secure_delete = ON;
      PRAGMA wal_autocheckpoint = ${AUTOCHECKPOINT[checkpointsFromAside(sqliteVersion(db)) ? 'aside' : 'alone']};
    `);
    return { db, inode: inodeOf(path)! };
  } catch (error) {
    db.close();
    throw error;
  }
}

function makeReady(db: DatabaseSync): void {
  // Of two that switch the journal mode at once, SQLite refuses one without waiting.
  const until = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      db.exec('PRAGMA journal_mode = WAL');
      return prepareSchema(db);
    } catch (error) {
      if (toFailure(error).code !== 'SQLITE_BUSY' || performance.now() > until) throw error;
      pause(BUSY_RETRY_MS);
    }
  }
}

/** Blocks this thread, which has nothing else to do. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
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
