import type { DatabaseSync } from 'node:sqlite';

/** Marks a file as ours (`PRAGMA application_id`): "Prt1". */
const APPLICATION_ID = 0x50727431;
const VERSION = 2;

/** The file is somebody else's, or written by a newer version of this package. */
export class ForeignFileError extends Error {
  override readonly name = 'ForeignFileError';
}

const KEYS = `
  CREATE TABLE keys (
    program TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT,
    lane TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (program, kind, key)
  ) WITHOUT ROWID;
  CREATE INDEX keys_seq ON keys (seq);
`;

// Of a job's life: pending (0), dead (1), settled (2). A pending row is owned while a living process
// holds or delivers it; otherwise `due` says when to deliver it, and is empty behind another job of
// its lane. Few indices on purpose: each is one more page in every commit.
const TABLES = `
  CREATE TABLE programs (
    name TEXT PRIMARY KEY,
    salt TEXT NOT NULL,
    key_hash TEXT,
    public_id TEXT,
    gate TEXT NOT NULL
  );
  CREATE TABLE owners (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    token TEXT NOT NULL UNIQUE,
    leased INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
  );
  CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY,
    program TEXT NOT NULL,
    kind TEXT NOT NULL,
    lane TEXT NOT NULL,
    referral_key TEXT,
    payload TEXT,
    accepted_at INTEGER NOT NULL,
    state INTEGER NOT NULL,
    owner INTEGER,
    due INTEGER,
    attempts INTEGER NOT NULL,
    failed_at INTEGER,
    excused_ms INTEGER,
    outcome TEXT,
    reason TEXT,
    detail TEXT,
    settled_at INTEGER,
    key TEXT,
    progress TEXT
  );
  CREATE INDEX jobs_lane ON jobs (program, lane, state);
  CREATE INDEX jobs_open ON jobs (program, owner, due, kind, accepted_at) WHERE state = 0;
  CREATE INDEX jobs_dead ON jobs (program) WHERE state = 1;
  ${KEYS}
  CREATE TABLE counters (
    program TEXT NOT NULL,
    kind TEXT NOT NULL,
    outcome TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (program, kind, outcome)
  ) WITHOUT ROWID;
`;

/** What an older file lacks, by the version it has. A process of that version may still be on it. */
const UPGRADES: Readonly<Record<number, string>> = {
  1: `
    ALTER TABLE jobs ADD COLUMN key TEXT;
    ALTER TABLE jobs ADD COLUMN progress TEXT;
    ${KEYS}
  `,
};

/**
 * Makes a new file ours, brings one of an older version up to date, or checks that it is. Safe when several processes do it at once.
 * @throws ForeignFileError
 */
export function prepareSchema(db: DatabaseSync): void {
  if (isReady(db)) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    if (!isUpToDate(db)) {
      const version = pragma(db, 'user_version');
      if (version === 0) db.exec(TABLES);
      for (let from = version; from > 0 && from < VERSION; from += 1) db.exec(UPGRADES[from]!);
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${VERSION};`);
    }
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}

/**
 * False for a file that is still empty, or of an older version. Reads only.
 * @throws ForeignFileError
 */
export function isReady(db: DatabaseSync): boolean {
  // All of it at one moment: another process may be making the file just now.
  db.exec('BEGIN');
  try {
    return isUpToDate(db);
  } finally {
    db.exec('ROLLBACK');
  }
}

function isUpToDate(db: DatabaseSync): boolean {
  const application = pragma(db, 'application_id');
  const version = pragma(db, 'user_version');
  if (application === APPLICATION_ID && version === VERSION) return true;
  if (application === APPLICATION_ID && version > 0 && version < VERSION) return false;
  if (application === APPLICATION_ID && version > VERSION) {
    throw new ForeignFileError(
      `it was written by a newer version of nestjs-partnero (format ${version}, this one knows ${VERSION})`,
    );
  }
  const empty = db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n'] === 0;
  if (application === 0 && version === 0 && empty) return false;
  throw new ForeignFileError('it is a database of another program');
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}
