import { existsSync, renameSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { importReadable, importReplaced } from './import-jobs.js';
import { BUSY_TIMEOUT_MS, inodeOf, OutboxFile } from './outbox-file.js';
import { makePrivateFile, SIDE_FILES } from './private-file.js';
import { isCorrupt } from './sqlite-error.js';
import type { FileNote, WorkerSettings } from './worker-messages.js';

/** Opens the file at its path. A damaged one is moved aside, and what can be read of it is imported. */
export async function openOrRecover(
  settings: WorkerSettings,
  note: (note: FileNote) => void,
): Promise<OutboxFile> {
  const { path } = settings;
  restoreSideFiles(path);
  if (!existsSync(path)) moveSideFilesAside(path, () => !existsSync(path));
  try {
    return OutboxFile.open(settings);
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    const as = moveDamagedAside(settings);
    const file = OutboxFile.open(settings);
    if (as !== null) note({ type: 'set_aside', as, saved: await importFrom(as, file) });
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
  const from = new DatabaseSync(as, { readOnly: true, defensive: false } as object);
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
  note: (note: FileNote) => void,
): Promise<OutboxFile> {
  // A database that was renamed into place would inherit the log of this one.
  moveSideFilesAside(old.path, () => inodeOf(`${old.path}-wal`) === old.logInode);
  const file = await openOrRecover(settings, note);
  const saved = await importReplaced(old, file, owner).catch(() => 0);
  closeReplaced(old);
  note({ type: 'replaced', saved });
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
  const { path, logInode } = old;
  alone(path, () => {
    const now = inodeOf(`${path}-wal`);
    const isForeign = now !== undefined && now !== logInode;
    if (isForeign) for (const suffix of SIDE_FILES) rename(path + suffix, `${path}${suffix}.kept`);
    try {
      old.close();
    } finally {
      if (isForeign)
        for (const suffix of SIDE_FILES) rename(`${path}${suffix}.kept`, path + suffix);
    }
  });
}

/** A process was killed while it closed a replaced file. */
function restoreSideFiles(path: string): void {
  if (!existsSync(`${path}-wal.kept`)) return;
  alone(path, () => {
    for (const suffix of SIDE_FILES) {
      if (!existsSync(path + suffix)) rename(`${path}${suffix}.kept`, path + suffix);
    }
  });
}

/** Side files without their database would be taken for those of the next one. */
function moveSideFilesAside(path: string, isNeeded: () => boolean): void {
  const isThere = () => SIDE_FILES.some((suffix) => existsSync(path + suffix));
  if (!isThere() || !isNeeded()) return;
  alone(path, () => {
    if (!isNeeded()) return;
    for (const suffix of SIDE_FILES)
      rename(path + suffix, `${path}.orphan-${timestamp()}${suffix}`);
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
