import type { DatabaseSync } from 'node:sqlite';
import { SQLITE } from '../sql/dialect.js';
import { schema } from '../sql/schema.js';

/** Marks a file as ours (`PRAGMA application_id`): "Prt1". */
const APPLICATION_ID = 0x50727431;
/** Formats 1 and 2 were those of unpublished versions. */
const FORMAT = 3;

/** The file belongs to another program, or to another version of this package. */
export class ForeignFileError extends Error {
  override readonly name = 'ForeignFileError';
  readonly code = 'FOREIGN_FILE';
}

/**
 * Whether the file has our tables. False for an empty file.
 * @throws ForeignFileError
 */
export function hasFormat(db: DatabaseSync): boolean {
  // All of it at one moment: another process may be making the file just now.
  db.exec('BEGIN');
  try {
    return checkFormat(db);
  } finally {
    rollBack(db);
  }
}

/** Makes the tables of a file that is empty. Several processes may do so at once. */
export function createTables(db: DatabaseSync): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    if (!checkFormat(db)) {
      for (const statement of schema(SQLITE)) db.exec(statement);
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT}`);
    }
    db.exec('COMMIT');
  } catch (error) {
    rollBack(db);
    throw error;
  }
}

/** `DatabaseSync.isTransaction` is missing before Node.js 22.16. */
export function rollBack(db: DatabaseSync): void {
  try {
    db.exec('ROLLBACK');
  } catch {
    // SQLite rolls back by itself after some errors, a full disk among them.
  }
}

function checkFormat(db: DatabaseSync): boolean {
  const application = pragma(db, 'application_id');
  const format = pragma(db, 'user_version');
  if (application === APPLICATION_ID && format === FORMAT) return true;
  if (application === APPLICATION_ID && format > FORMAT) {
    throw new ForeignFileError(
      `it was written by a newer version of nestjs-partnero (format ${format}; this one reads ${FORMAT})`,
    );
  }
  if (application === APPLICATION_ID && format > 0) {
    throw new ForeignFileError(
      `it was written by a version of nestjs-partnero from before its first release (format ${format}; ` +
        `this one reads ${FORMAT}). Let that version deliver what is pending, then delete the file`,
    );
  }
  const isEmpty = db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n'] === 0;
  if (application === 0 && format === 0 && isEmpty) return false;
  throw new ForeignFileError('it is a database of another program');
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}
