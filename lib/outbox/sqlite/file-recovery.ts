import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { importReadable, importReplaced } from './import-jobs.js';
import { BUSY_TIMEOUT_MS, OutboxFile } from './outbox-file.js';
import { makePrivateFile, SIDE_FILES } from './private-file.js';
import { isCorrupt, isPassing, toFailure } from './sqlite-error.js';
import type { FileEvent, WorkerSettings } from './worker-messages.js';

/** Begins the names of damaged files, before and after what can be read of them is imported. */
const IMPORTING = '.importing-';
const IMPORTED = '.corrupt-';

/** Opens the file at its path. A damaged one is moved aside, to be imported. */
export function openOrRecover(
  settings: WorkerSettings,
  report: (event: FileEvent) => void,
): OutboxFile {
  const { path } = settings;
  restoreSideFiles(path);
  const orphan = moveSideFilesAside(path, () => !existsSync(path));
  if (orphan !== null) report({ type: 'orphan_log', as: orphan });
  try {
    return OutboxFile.open(settings);
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    moveDamagedAside(settings);
    return OutboxFile.open(settings);
  }
}

/** Moves the file aside if it is damaged. Returns false if it isn't, or if another process has done so. */
export function moveDamagedAside(settings: WorkerSettings): boolean {
  const { path } = settings;
  return alone(path, () => {
    if (!isDamaged(settings)) return false;
    return moveAll(path, `${path}${IMPORTING}${timestamp()}`);
  });
}

/**
 * Imports what can be read of files that were moved aside. Resolves with false if that has to be tried
 * again, since the disk is full say. A process that is killed meanwhile leaves it to the next one.
 */
export async function importMovedAside(
  into: OutboxFile,
  report: (event: FileEvent) => void,
): Promise<boolean> {
  const { path } = into;
  const folder = dirname(path);
  const isAside = (name: string) =>
    name.startsWith(basename(path) + IMPORTING) && !SIDE_FILES.some((each) => name.endsWith(each));
  try {
    for (const name of readdirSync(folder).filter(isAside)) {
      const from = join(folder, name);
      const saved = await importFrom(from, into);
      const as = from.replace(IMPORTING, IMPORTED);
      // Another process may be doing the same.
      if (alone(path, () => moveAll(from, as))) report({ type: 'set_aside', as, saved });
    }
    return true;
  } catch {
    return false;
  }
}

/** @throws if the jobs can't be written */
async function importFrom(path: string, into: OutboxFile): Promise<number> {
  const from = openDamaged(path);
  try {
    return from ? await importReadable(from, into) : 0;
  } finally {
    from?.close();
  }
}

/** `undefined` if nothing in it can be read. */
function openDamaged(path: string): DatabaseSync | undefined {
  try {
    // Without `defensive`, SQLite reads what is left of a file that was cut short.
    const db = new DatabaseSync(path, { readOnly: true, defensive: false });
    db.exec('PRAGMA writable_schema = ON');
    return db;
  } catch {
    return undefined;
  }
}

/** Opens what is at the path of a file that was deleted or replaced, and imports what is unfinished. */
export async function openReplacement(
  old: OutboxFile,
  settings: WorkerSettings,
  owner: string,
  report: (event: FileEvent) => void,
): Promise<OutboxFile> {
  // A database that was renamed into place would inherit the log of this one.
  old.movedLog ??= moveSideFilesAside(old.path, (suffix) => old.isOwn(suffix));
  const file = openOrRecover(settings, report);
  const saved = await importReplaced(old, file, owner).catch((error: unknown) => {
    // What can't be read won't be readable later. What can't be written now may be.
    if (!isPassing(toFailure(error))) return null;
    file.close();
    throw error;
  });
  closeReplaced(old);
  const { movedLog } = old;
  if (movedLog !== null && saved !== null)
    for (const suffix of SIDE_FILES) rmSync(movedLog + suffix, { force: true });
  const as = old.movedAs;
  const log = saved === null ? movedLog : null;
  report(as === null ? { type: 'replaced', saved: saved ?? 0, log } : { type: 'log_replaced', as });
  return file;
}

/**
 * Moves a file aside whose log was deleted or replaced: with two logs, processes would overwrite each
 * other's commits.
 */
export function moveAsideWithoutLog(file: OutboxFile): void {
  const as = `${file.path}.without-log-${timestamp()}`;
  alone(file.path, () => {
    // Another process may have moved it.
    if (!file.isInPlace()) return;
    renameSync(file.path, as);
    file.movedAs = as;
  });
}

/** SQLite deletes the log by its name, which may be that of another file's log by now. */
export function closeReplaced(old: OutboxFile): void {
  const { path } = old;
  alone(path, () => {
    const others = SIDE_FILES.filter((suffix) => existsSync(path + suffix) && !old.isOwn(suffix));
    for (const suffix of others) rename(path + suffix, `${path}${suffix}.kept`);
    try {
      old.close();
    } finally {
      for (const suffix of others) rename(`${path}${suffix}.kept`, path + suffix);
    }
  });
}

/** A process was killed while it closed a replaced file. */
function restoreSideFiles(path: string): void {
  const kept = () => SIDE_FILES.filter((suffix) => existsSync(`${path}${suffix}.kept`));
  if (kept().length === 0) return;
  alone(path, () => {
    for (const suffix of kept()) rename(`${path}${suffix}.kept`, path + suffix);
  });
}

/**
 * Side files of another database would be taken for those of the next one at that path. Returns the
 * start of their new names.
 */
function moveSideFilesAside(path: string, isForeign: (suffix: string) => boolean): string | null {
  const foreign = () =>
    SIDE_FILES.filter((suffix) => existsSync(path + suffix) && isForeign(suffix));
  if (foreign().length === 0) return null;
  return alone(path, () => {
    const as = `${path}.orphan-${timestamp()}`;
    for (const suffix of foreign()) rename(path + suffix, as + suffix);
    return existsSync(`${as}-wal`) ? as : null;
  });
}

/** One process at a time repairs what is at a path. */
function alone<T>(path: string, work: () => T): T {
  makePrivateFile(`${path}-recovery`);
  const lock = new DatabaseSync(`${path}-recovery`);
  try {
    lock.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}; BEGIN EXCLUSIVE`);
    return work();
  } finally {
    lock.close();
  }
}

function isDamaged(settings: WorkerSettings): boolean {
  try {
    const file = OutboxFile.open(settings);
    try {
      // A quick check doesn't look for entries that an index lacks.
      return file.query('PRAGMA integrity_check(1)', [])[0]?.['integrity_check'] !== 'ok';
    } finally {
      file.close();
    }
  } catch (error) {
    return isCorrupt(error);
  }
}

/** A file with its side files. Returns false if it isn't there. */
function moveAll(from: string, to: string): boolean {
  const isThere = existsSync(from);
  for (const suffix of [...SIDE_FILES, '']) rename(from + suffix, to + suffix);
  return isThere;
}

function rename(from: string, to: string): void {
  if (existsSync(from)) renameSync(from, to);
}

function timestamp(): string {
  return new Date().toISOString().replaceAll(/[:.]/g, '-');
}
