import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MessageChannel } from 'node:worker_threads';
import { jest } from '@jest/globals';
import { CheckpointLoop } from '#lib/outbox/sqlite/checkpoint-loop.js';
import { inodeOf } from '#lib/outbox/sqlite/outbox-file.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

afterEach(() => jest.useRealTimers());

afterAll(removeTemporaryFolders);

it('what was erased leaves the log within a minute, though the app is never idle for a second', async () => {
  const path = join(temporaryFolder(), 'outbox.db');
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = ON');
  db.exec('CREATE TABLE jobs (payload text)');
  // Far from the log's begin, which is written again after each checkpoint.
  for (let n = 0; n < 50; n += 1) {
    db.exec(`INSERT INTO jobs VALUES ('${'x'.repeat(5_000)}')`);
  }
  db.exec(`INSERT INTO jobs VALUES ('ada@example.com')`);
  db.exec('DELETE FROM jobs');
  const isInLog = () => readFileSync(`${path}-wal`, 'latin1').includes('ada@example.com');

  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  const { port1, port2 } = new MessageChannel();
  CheckpointLoop.start({ path, inode: inodeOf(path) }, port1);
  const write = async () => {
    db.exec(`INSERT INTO jobs VALUES ('other')`);
    port2.postMessage('written');
    await new Promise((done) => setImmediate(done));
    await new Promise((done) => setImmediate(done));
    jest.advanceTimersByTime(500);
  };
  for (let seconds = 0; seconds < 58; seconds += 0.5) await write();
  expect(isInLog()).toBe(true);
  for (let seconds = 58; seconds < 62; seconds += 0.5) await write();
  expect(isInLog()).toBe(false);

  port2.postMessage('close');
  await new Promise((done) => setImmediate(done));
  await new Promise((done) => setImmediate(done));
  port2.close();
  db.close();
});
