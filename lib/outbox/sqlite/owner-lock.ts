import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { ensurePrivateFile } from './private-file.js';

/**
 * Shows other processes that this one lives: an exclusive SQLite lock on a tiny file of its own,
 * held until the process ends, however it ends. It stays held while the process is stopped
 * (SIGSTOP), and no clock has a say in it.
 */
export class OwnerLock {
  readonly token = randomBytes(8).toString('hex');
  private readonly db: DatabaseSync;

  constructor(private readonly path: string) {
    ensurePrivateFile(lockFile(path, this.token));
    this.db = new DatabaseSync(lockFile(path, this.token));
    this.db.exec('BEGIN EXCLUSIVE');
  }

  release(): void {
    this.db.close();
    removeLock(this.path, this.token);
  }
}

/** Whether the process that made this lock is gone. */
export function isAbandoned(path: string, token: string): boolean {
  const file = lockFile(path, token);
  if (!existsSync(file)) return true;
  const db = new DatabaseSync(file);
  try {
    db.exec('BEGIN EXCLUSIVE');
    return true;
  } catch {
    // Busy: it lives. Any other trouble isn't evidence of a death either.
    return false;
  } finally {
    db.close();
  }
}

export function removeLock(path: string, token: string): void {
  rmSync(lockFile(path, token), { force: true });
}

function lockFile(path: string, token: string): string {
  return `${path}-owner-${token}`;
}
