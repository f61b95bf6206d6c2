import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

export const SIDE_FILES = ['-wal', '-shm'] as const;

/** Makes an empty file that only its owner may read, if there is none, and its folder likewise. */
export function makePrivateFile(path: string): void {
  const folder = dirname(path);
  if (makePrivateFolder(folder)) writeFileSync(join(folder, '.gitignore'), '*\n');
  // A file in use must not be opened: closing the descriptor would drop SQLite's locks on it.
  if (existsSync(path)) return;
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/**
 * Takes all rights from others than the owner, also where a file was there before or is behind a
 * symbolic link. Returns the files of which that isn't allowed.
 */
export function makePrivate(path: string): string[] {
  return ['', ...SIDE_FILES].map((suffix) => path + suffix).filter((file) => !isMadePrivate(file));
}

function isMadePrivate(file: string): boolean {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats || (stats.mode & 0o077) === 0) return true;
  try {
    chmodSync(file, 0o600);
    return true;
  } catch {
    return false;
  }
}

/** True if it wasn't there. `recursive` says ENOENT of a read-only disk, and hangs on one like /proc. */
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
