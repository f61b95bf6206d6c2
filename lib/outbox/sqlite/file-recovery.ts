import { existsSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { importReadable, importReplaced } from './import-jobs.js';
import { BUSY_TIMEOUT_MS, OutboxFile } from './outbox-file.js';
import { makePrivateFile, SIDE_FILES } from './private-file.js';
import { isCorrupt, toFailure } from './sqlite-error.js';
import type { FileEvent, WorkerSettings } from './worker-messages.js';

const PASSING = new Set(['SQLITE_BUSY', 'SQLITE_LOCKED', 'SQLITE_FULL']);

/** Opens the file at its path. A damaged one is moved aside, and what can be read of it is imported. */
export async function openOrRecover(
  settings: WorkerSettings,
  report: (event: FileEvent) => void,
): Promise<OutboxFile> {
  const { path } = settings;
  restoreSideFiles(path);
  const orphan = moveSideFilesAside(path, () => !existsSync(path));
  if (orphan !== null) report({ type: 'orphan_log', as: orphan });
  try {
    return OutboxFile.open(settings);
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    const as = moveDamagedAside(settings);
    const file = OutboxFile.open(settings);
    if (as !== null) report({ type: 'set_aside', as, saved: await importFrom(as, file) });
    return file;
  }
}

/** Moves the file aside if it is damaged. Null if it isn't, or if another process has done so. */
export function moveDamagedAside(settings: WorkerSettings): string | null {
  const { path } = settings;
  return alone(path, () => {
    if (!isDamaged(settings)) return null;
    const as = `${path}.corrupt-${timestamp()}`;
    for (const suffix of [...SIDE_FILES, '']) rename(path + suffix, as + suffix);
    return as;
  });
}

export async function importFrom(as: string, into: OutboxFile): Promise<number> {
  // Without `defensive`, SQLite reads what is left of a file that was cut short.
  const from = new DatabaseSync(as, { readOnly: true, defensive: false });
  try {
    from.exec('PRAGMA writable_schema = ON');
    return await importReadable(from, into);
  } catch {
    // Nothing in it can be read.
    return 0;
  } finally {
    from.close();
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
  const file = await openOrRecover(settings, report);
  const saved = await importReplaced(old, file, owner).catch((error: unknown) => {
    // What can't be read won't be readable later. What can't be written now may be.
    if (!PASSING.has(toFailure(error).code)) return null;
    file.close();
    throw error;
  });
  closeReplaced(old);
  if (old.movedLog !== null && saved !== null)
    for (const suffix of SIDE_FILES) rmSync(old.movedLog + suffix, { force: true });
  report({ type: 'replaced', saved: saved ?? 0 });
  return file;
}

/** Writes the log back into a file whose log was deleted or replaced, and opens the file anew. */
export function reopenWithoutLog(old: OutboxFile, settings: WorkerSettings): OutboxFile {
  old.truncateLog();
  closeReplaced(old);
  return OutboxFile.open(settings);
}

/** SQLite deletes the log by its name, which may be that of another file's log by now. */
function closeReplaced(old: OutboxFile): void {
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
      return file.query('PRAGMA quick_check(1)', [])[0]?.['quick_check'] !== 'ok';
    } finally {
      file.close();
    }
  } catch (error) {
    return isCorrupt(error);
  }
}

function rename(from: string, to: string): void {
  if (existsSync(from)) renameSync(from, to);
}

function timestamp(): string {
  return new Date().toISOString().replaceAll(/[:.]/g, '-');
}
