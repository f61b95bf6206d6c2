import { statSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { SQLITE } from '../sql/dialect.js';
import type { SqlExecutor, SqlParam, SqlRow } from '../sql/sql-executor.js';
import { SqlStore } from '../sql/sql-store.js';
import { statements } from '../sql/statements.js';
import { createTables, hasFormat, rollBack } from './format.js';
import { makePrivate, makePrivateFile, SIDE_FILES } from './private-file.js';
import { toFailure } from './sqlite-error.js';
import type { WorkerSettings } from './worker-messages.js';

export const SQL = statements(SQLITE);
export const BUSY_TIMEOUT_MS = 5_000;
const BUSY_RETRY_MS = 5;
/** A backstop: the log is copied each second. */
const AUTOCHECKPOINT_PAGES = 8_192;
/** Nobody's sign-up should wait for another process that reads. */
const EMPTY_TIMEOUT_MS = 20;

/** One opened outbox file. */
export class OutboxFile implements SqlExecutor {
  /** The time that the store goes by. */
  now = Date.now();
  readonly store = new SqlStore(this, SQL);
  /** Where its log was moved after another file had taken its path. */
  movedLog: string | null = null;
  /** Where it was moved itself, after its log had been deleted. */
  movedAs: string | null = null;
  /** Of the files that were opened: their names may come to mean others. */
  readonly inode: string | undefined;
  readonly sideInodes: ReadonlyMap<string, string | undefined>;
  private readonly prepared = new Map<string, StatementSync>();

  private constructor(
    readonly db: DatabaseSync,
    readonly path: string,
  ) {
    db.function('now_ms', { deterministic: true }, () => this.now);
    this.inode = inodeOf(path);
    this.sideInodes = new Map(SIDE_FILES.map((suffix) => [suffix, inodeOf(path + suffix)]));
  }

  /** Opens the file; makes it, and its folder, if missing. */
  static open({ path, synchronous }: WorkerSettings): OutboxFile {
    makePrivateFile(path);
    const db = new DatabaseSync(path);
    try {
      db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
      // First a look: nothing is changed in a file that isn't ours.
      const isReady = hasFormat(db);
      // Before there is a log, which gets the file's permissions.
      makePrivate(path);
      if (!isReady || !isInWalMode(db)) makeReady(db);
      db.exec(`
        PRAGMA synchronous = ${synchronous};
        PRAGMA secure_delete = ON;
        PRAGMA wal_autocheckpoint = ${AUTOCHECKPOINT_PAGES};
        SELECT count(*) FROM owners;
      `);
      return new OutboxFile(db, path);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** An existing file, for somebody who only looks at it or changes single jobs. */
  static openExisting(path: string): OutboxFile | null {
    if (inodeOf(path) === undefined) return null;
    const db = new DatabaseSync(path);
    try {
      db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}; PRAGMA secure_delete = ON`);
      if (hasFormat(db)) return new OutboxFile(db, path);
    } catch (error) {
      db.close();
      throw error;
    }
    db.close();
    return null;
  }

  query(sql: string, params: readonly SqlParam[]): SqlRow[] {
    let statement = this.prepared.get(sql);
    if (!statement) {
      statement = this.db.prepare(sql);
      this.prepared.set(sql, statement);
    }
    // By name: older versions of Node.js, 22.13 among them, can't bind numbered ones by position.
    return statement.all(Object.fromEntries(params.map((value, i) => [`$${i + 1}`, value])));
  }

  async transaction<T>(work: () => Promise<T>): Promise<T> {
    this.db.exec('BEGIN IMMEDIATE');
    try {
      const result = await work();
      this.db.exec('COMMIT');
      return result;
    } catch (error) {
      rollBack(this.db);
      throw error;
    }
  }

  /** Rows changed since the file was opened. */
  get changeCount(): number {
    return Number(this.query('SELECT total_changes() AS n', [])[0]?.['n']);
  }

  /** Whether the path still names this file. Where not, what is written here is lost with the process. */
  isInPlace(): boolean {
    return inodeOf(this.path) === this.inode;
  }

  isLogInPlace(): boolean {
    return SIDE_FILES.every((suffix) => this.isOwn(suffix));
  }

  /** Whether that name still means this file's own side file. */
  isOwn(suffix: string): boolean {
    return inodeOf(this.path + suffix) === this.sideInodes.get(suffix);
  }

  makePrivate(): string[] {
    return makePrivate(this.path);
  }

  /** Copies into the file what nobody reads of its log. Later commits then begin the log anew. */
  copyLog(): void {
    try {
      this.checkpoint('PASSIVE');
    } catch {
      // The disk is full, say. It is tried again a second later.
    }
  }

  /** Empties the write-ahead log. Returns false if another process is in the way, or the disk is full. */
  emptyLog(): boolean {
    try {
      this.db.exec(`PRAGMA busy_timeout = ${EMPTY_TIMEOUT_MS}`);
      return this.checkpoint('TRUNCATE');
    } catch {
      return false;
    } finally {
      this.db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    }
  }

  /** Returns whether the whole log was copied. */
  private checkpoint(mode: 'PASSIVE' | 'TRUNCATE'): boolean {
    const row = this.db.prepare(`PRAGMA wal_checkpoint(${mode})`).get();
    return Number(row?.['busy']) === 0 && row?.['log'] === row?.['checkpointed'];
  }

  close(): void {
    if (this.db.isOpen) this.db.close();
  }
}

/** The identity of a file; `undefined` if there is none. `stat` takes no descriptor. */
function inodeOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    // ENOTDIR: a file is where a folder of the path was.
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return undefined;
    throw error;
  }
}

/** A copy that was made with `VACUUM INTO` isn't. */
function isInWalMode(db: DatabaseSync): boolean {
  return db.prepare('PRAGMA journal_mode').get()?.['journal_mode'] === 'wal';
}

function makeReady(db: DatabaseSync): void {
  // Of two that switch the journal mode at once, SQLite refuses one without waiting.
  const until = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      db.exec('PRAGMA journal_mode = WAL');
      return createTables(db);
    } catch (error) {
      if (toFailure(error).code !== 'SQLITE_BUSY' || performance.now() > until) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_RETRY_MS);
    }
  }
}
