import type { DatabaseSync } from 'node:sqlite';

/**
 * SQLite before 3.51.3 can corrupt a file when one connection checkpoints while another writes
 * (https://www.sqlite.org/wal.html, "The WAL-Reset Bug"): there, only the writer checkpoints.
 */
export function checkpointsFromAside(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  if (major !== 3) return major > 3;
  return minor > 51 || (minor === 51 && patch >= 3);
}

export function sqliteVersion(db: DatabaseSync): string {
  return String(db.prepare('SELECT sqlite_version() AS version').get()?.['version']);
}
