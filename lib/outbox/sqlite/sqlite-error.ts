import type { StoreFailure } from '../sql/operations.js';

// Result codes, https://www.sqlite.org/rescode.html
const NAMES: Readonly<Record<number, string>> = {
  3: 'SQLITE_PERM',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  7: 'SQLITE_NOMEM',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  26: 'SQLITE_NOTADB',
};

/** "This error may indicate that the underlying filesystem volume is out of space." */
const IOERR_SHMSIZE = 4_874;

/** An error in a form that crosses threads. SQLite's messages hold no values. */
export function toFailure(error: unknown): StoreFailure {
  if (!(error instanceof Error)) return { code: 'UNKNOWN', message: 'unknown error' };
  const { errcode, code } = error as { errcode?: number; code?: string };
  const name = errcode === undefined ? undefined : nameOf(errcode);
  return { code: name ?? code ?? error.name, message: error.message };
}

function nameOf(errcode: number): string | undefined {
  return errcode === IOERR_SHMSIZE ? 'SQLITE_FULL' : NAMES[errcode & 0xff];
}

const PASSING = new Set([
  'SQLITE_BUSY',
  'SQLITE_LOCKED',
  'SQLITE_FULL',
  'ENOSPC',
  'SQLITE_IOERR',
  'EMFILE',
]);

/** Whether it may pass by itself. */
export function isPassing({ code }: StoreFailure): boolean {
  return PASSING.has(code);
}

export function isCorrupt(error: unknown): boolean {
  return ['SQLITE_CORRUPT', 'SQLITE_NOTADB'].includes(toFailure(error).code);
}
