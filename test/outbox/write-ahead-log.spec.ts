import { createHook } from 'node:async_hooks';
import { copyFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { jest } from '@jest/globals';
import { OutboxFile } from '#lib/outbox/sqlite/outbox-file.js';
import { WriteAheadLog } from '#lib/outbox/sqlite/write-ahead-log.js';
import { eventually } from '../support/eventually.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

let path: string;
let file: OutboxFile;
let log: WriteAheadLog;

beforeEach(() => {
  jest.useFakeTimers();
  path = join(temporaryFolder(), 'outbox.db');
  file = OutboxFile.open({ path, synchronous: 'normal', workerPath: '' });
  file.db.exec('CREATE TABLE notes (text)');
  // Far from the log's begin, which is written again after each checkpoint.
  for (let n = 0; n < 50; n += 1) {
    file.db.exec(`INSERT INTO notes VALUES ('${'x'.repeat(5_000)}')`);
  }
  file.db.exec(`INSERT INTO notes VALUES ('ada@example.com')`);
  file.db.exec('DELETE FROM notes');
  log = new WriteAheadLog(file);
});

afterEach(() => {
  log.close();
  file.close();
  jest.useRealTimers();
});

afterAll(removeTemporaryFolders);

const isInLog = () => readFileSync(`${path}-wal`, 'latin1').includes('ada@example.com');

function write(text = 'other'): void {
  file.db.exec(`INSERT INTO notes VALUES ('${text}')`);
  log.written();
}

/** Several writes a second. */
function keepWriting(seconds: number): void {
  for (let n = 0; n < 4 * seconds; n += 1) {
    write();
    jest.advanceTimersByTime(250);
  }
}

it('what was erased leaves the log within a minute, though the app is never idle for a second', () => {
  keepWriting(59);
  expect(isInLog()).toBe(true);
  keepWriting(4);
  expect(isInLog()).toBe(false);
});

it('what was erased leaves the log after a second without a write', () => {
  keepWriting(2);
  expect(isInLog()).toBe(true);
  jest.advanceTimersByTime(1_000);
  expect(isInLog()).toBe(false);
  expect(jest.getTimerCount()).toBe(0);
});

it('the log is synced soon after a commit', () => {
  const requests = () =>
    process.getActiveResourcesInfo().filter((name) => name === 'FSReqCallback');
  write();
  const before = requests().length;
  jest.advanceTimersByTime(50);
  expect(requests()).toHaveLength(before + 1);
});

it('what is committed during a sync is synced after it', async () => {
  let requests = 0;
  const hook = createHook({ init: (_, type) => (requests += type === 'FSREQCALLBACK' ? 1 : 0) });
  hook.enable();
  try {
    write();
    jest.advanceTimersByTime(50);
    write();
    expect(requests).toBe(1);
    jest.useRealTimers();
    await eventually(() => requests === 2);
  } finally {
    hook.disable();
  }
});

it('what is written is in the file itself a second later, though the app is never idle', () => {
  write('mine');
  keepWriting(2);
  // As after a power cut that left nothing of the log.
  const copy = `${path}-copy`;
  copyFileSync(path, copy);
  const db = new DatabaseSync(copy);
  const rows = db.prepare("SELECT 1 FROM notes WHERE text = 'mine'").all();
  db.close();
  expect(rows).toHaveLength(1);
});

it('the log does not grow, however long something is written', () => {
  let largest = 0;
  for (let second = 0; second < 30; second += 1) {
    for (let n = 0; n < 10; n += 1) write('x'.repeat(10_000));
    jest.advanceTimersByTime(1_000);
    largest = Math.max(largest, statSync(`${path}-wal`).size);
  }
  expect(largest).toBeLessThan(2_000_000);
});

it('a log that another process reads is emptied at a later try, and is not asked for at each write', () => {
  const reader = new DatabaseSync(path);
  reader.exec('BEGIN; SELECT count(*) FROM notes');
  const empty = jest.spyOn(file, 'emptyLog');
  keepWriting(70);
  expect(isInLog()).toBe(true);
  expect(empty.mock.calls.length).toBeLessThanOrEqual(11);
  reader.close();
  keepWriting(1);
  expect(isInLog()).toBe(false);
});
