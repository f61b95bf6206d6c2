import { randomBytes } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { isAbandoned, OwnerLock, removeLock } from './owner-lock.js';

const LEASE_MS = 60_000;
const OWNERS = 'SELECT id, token, leased, seen_at AS seenAt FROM owners';

interface OwnerRow {
  id: number;
  token: string;
  leased: 0 | 1;
  seenAt: number;
}

/**
 * The processes that have this file open. A row in `jobs` is a process's own as long as that process
 * lives. On a file system whose locks can't be trusted, as long as it renews its lease.
 */
export class Owners {
  private readonly lock: OwnerLock | null;
  private readonly token: string;
  private readonly insert: StatementSync;
  private readonly renew: StatementSync;
  private readonly others: StatementSync;
  private readonly remove: StatementSync;
  private me = 0;

  constructor(
    db: DatabaseSync,
    private readonly path: string,
    readonly leased: boolean,
  ) {
    this.lock = leased ? null : new OwnerLock(path);
    this.token = this.lock?.token ?? randomBytes(8).toString('hex');
    this.insert = db.prepare('INSERT INTO owners (token, leased, seen_at) VALUES (?, ?, ?)');
    this.renew = db.prepare('UPDATE owners SET seen_at = ? WHERE id = ?');
    this.others = db.prepare(`${OWNERS} WHERE id <> ?`);
    this.remove = db.prepare('DELETE FROM owners WHERE id = ?');
  }

  get id(): number {
    return this.me;
  }

  register(now: number): void {
    const { lastInsertRowid } = this.insert.run(this.token, Number(this.leased), now);
    this.me = Number(lastInsertRowid);
  }

  /** For leases. Whoever was taken for dead starts anew under another id. */
  heartbeat(now: number): void {
    if (this.renew.run(now, this.me).changes === 0) this.register(now);
  }

  dead(now: number): { id: number; token: string }[] {
    const rows = this.others.all(this.me) as unknown as OwnerRow[];
    return rows.filter((row) => isDead(this.path, row, now));
  }

  forget(id: number): void {
    this.remove.run(id);
  }

  removeLockOf(token: string): void {
    removeLock(this.path, token);
  }

  release(): void {
    this.lock?.release();
  }
}

/** Those of the owners in a damaged file that live, as far as that can be read. */
export function livingOwners(db: DatabaseSync, path: string, now: number): Set<number> {
  try {
    const rows = db.prepare(OWNERS).all() as unknown as OwnerRow[];
    return new Set(rows.filter((row) => !isDead(path, row, now)).map(({ id }) => id));
  } catch {
    // A job that two take is sent twice, and ends as already registered; one that nobody takes is lost.
    return new Set();
  }
}

function isDead(path: string, row: OwnerRow, now: number): boolean {
  if (row.leased) return Math.abs(now - row.seenAt) > LEASE_MS;
  return isAbandoned(path, row.token);
}
