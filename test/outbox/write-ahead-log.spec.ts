import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { jest } from '@jest/globals';
import { OutboxFile } from '#lib/outbox/sqlite/outbox-file.js';
import { WriteAheadLog } from '#lib/outbox/sqlite/write-ahead-log.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

let path: string;
let file: OutboxFile;
let log: WriteAheadLog;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  path = join(temporaryFolder(), 'outbox.db');
  file = OutboxFile.open({ path, synchronous: 'normal', workerPath: '' });
  file.db.exec('CREATE TABLE notes (text)');
  // Far from the log's begin, which is written again after each checkpoint.
  for (let n = 0; n < 50; n += 1) {
    file.db.exec(`INSERT INTO notes VALUES ('${'x'.repeat(5_000)}')`);
  }
  file.db.exec(`INSERT INTO notes VALUES ('ada@example.com')`);
  file.db.exec('DELETE FROM notes');
  log = new WriteAheadLog(path, () => file.truncateLog());
});

afterEach(() => {
  log.close();
  file.close();
  jest.useRealTimers();
});

afterAll(removeTemporaryFolders);

const isInLog = () => readFileSync(`${path}-wal`, 'latin1').includes('ada@example.com');

/** A write, and the sync that follows it. */
async function write(): Promise<void> {
  file.db.exec(`INSERT INTO notes VALUES ('other')`);
  log.written();
  jest.advanceTimersByTime(500);
  // While it syncs, no timer runs.
  while (jest.getTimerCount() === 0) await new Promise((done) => setImmediate(done));
}

it('what was erased leaves the log within a minute, though the app is never idle for a second', async () => {
  for (let seconds = 0; seconds < 58; seconds += 0.5) await write();
  expect(isInLog()).toBe(true);
  for (let seconds = 58; seconds < 62; seconds += 0.5) await write();
  expect(isInLog()).toBe(false);
});

it('what was erased leaves the log after a second without a write', async () => {
  await write();
  jest.advanceTimersByTime(900);
  expect(isInLog()).toBe(true);
  jest.advanceTimersByTime(100);
  expect(isInLog()).toBe(false);
});

it('a log that another process reads is emptied at a later try', async () => {
  const reader = new DatabaseSync(path);
  reader.exec('BEGIN; SELECT count(*) FROM notes');
  await write();
  jest.advanceTimersByTime(1_000);
  expect(isInLog()).toBe(true);
  reader.close();
  await write();
  jest.advanceTimersByTime(1_000);
  expect(isInLog()).toBe(false);
});
