import { OutboxError } from '../outbox.error.js';
import type { StoreFailure } from './operations.js';

const EXPLANATIONS: Readonly<Record<string, string>> = {
  SQLITE_FULL: 'the disk is full',
  ENOSPC: 'the disk is full',
  SQLITE_READONLY: 'the file or its folder can only be read',
  EROFS: 'the file system can only be read',
  EACCES: 'this process may not read or write it',
  EPERM: 'this process may not read or write it',
  SQLITE_CANTOPEN: 'the file could not be opened or made',
  SQLITE_BUSY: 'another process has kept the file locked for seconds',
  SQLITE_CORRUPT: 'the file is damaged',
  SQLITE_NOTADB: 'the file is no database',
  SQLITE_IOERR: 'the disk reports an error',
  BACKLOG: 'more than 10,000 writes are waiting for a slow store',
  CLOSED: 'the app is shutting down',
  INVALID_KEY: 'a key holds a NUL character or half of a surrogate pair',
};

/** The store couldn't do it: a full disk, a locked file, a database that is away. */
export class StoreError extends OutboxError {
  override readonly name = 'StoreError';
  override readonly reason: string;
  override readonly mayBeSaved: boolean;

  constructor({ code, message, mayBeSaved = false }: StoreFailure) {
    super(`${EXPLANATIONS[code] ?? message} (${code})`);
    this.reason = code;
    this.mayBeSaved = mayBeSaved;
  }
}
