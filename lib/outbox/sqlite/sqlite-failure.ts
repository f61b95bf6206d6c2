import { OutboxError } from '../outbox.error.js';
import type { StoreFailure } from './protocol.js';

/** The store could not do it: a full disk, a locked or damaged file. Holds no data of a job. */
export class SqliteOutboxError extends OutboxError {
  override readonly name = 'SqliteOutboxError';
  readonly failure: StoreFailure;
  override readonly reason: string;
  /** The thread ended before it answered: the write may have happened. */
  override readonly fateUnknown: boolean;

  constructor(failure: StoreFailure) {
    const { code, message } = failure;
    super(`${explain(code) ?? message} (${code})`);
    this.failure = failure;
    this.reason = code;
    this.fateUnknown = code === 'WORKER';
  }
}

function explain(code: string): string | undefined {
  return EXPLANATIONS[code];
}

const EXPLANATIONS: Readonly<Record<string, string>> = {
  SQLITE_FULL: 'the disk is full',
  ENOSPC: 'the disk is full',
  SQLITE_READONLY: 'the file or its folder can only be read',
  EROFS: 'the file system can only be read',
  EACCES: 'this process may not write there',
  EPERM: 'this process may not write there',
  SQLITE_CANTOPEN: 'the file could not be opened or made',
  SQLITE_BUSY: 'another process has kept the file locked for seconds',
  SQLITE_CORRUPT: 'the file is damaged',
  SQLITE_NOTADB: 'the file is no database',
  SQLITE_IOERR: 'the disk reports an error',
  BACKLOG: 'more than 10,000 writes are waiting: a slow disk, or that many at once',
  CLOSED: 'the app is shutting down',
};
