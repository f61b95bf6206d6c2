import { spawnSync, type SpawnSyncOptions } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { jest } from '@jest/globals';
import { sqliteOutbox } from 'nestjs-partnero';
import { eventually } from '../support/eventually.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const LIBRARY = resolve('dist/esm/index.js');
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

let path: string;

beforeEach(() => {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  path = join(folder, 'data', 'outbox.db');
});

afterEach(() => {
  jest.useRealTimers();
});

afterAll(removeTemporaryFolders);

function engineAt(at = path) {
  return sqliteOutbox({ path: at }).create({
    program: 'default',
    historyDays: 90,
    acceptTimeoutMs: 1_000,
    log: { log() {}, warn() {}, error() {} },
  });
}

const job = (orderingKey: string) => ({
  name: 'attribution',
  orderingKey,
  referralKey: 'ann',
  payload: '{"email":"ada@example.com"}',
  queuedAt: Date.now(),
});

/** Opens the outbox in a process of its own, saves a job, and prints what happened. */
function inProcess(flags: string[] = [], options: SpawnSyncOptions = {}) {
  const script = `
    import { sqliteOutbox } from ${JSON.stringify(LIBRARY)};
    const log = { log: console.log, warn: console.log, error: console.log };
    const engine = sqliteOutbox({ path: process.argv[1] }).create({
      program: 'default', historyDays: 90, acceptTimeoutMs: 250, log,
    });
    try {
      await engine.open();
      await engine.enqueue(${JSON.stringify(job('a'))});
      console.log('saved');
      await engine.close();
    } catch (error) {
      console.log(error.name + ': ' + error.message);
    }
    process.exit();`;
  const args = [...flags, '--input-type=module', '-e', script, path];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', ...options });
  return `${String(stdout)}${String(stderr)}`;
}

const modesIn = (folder: string) =>
  readdirSync(folder)
    .filter((name) => /^real|^outbox/.test(name))
    .map((name) => [name, statSync(join(folder, name)).mode & 0o077]);

const asNobody = isRoot ? describe : describe.skip;

asNobody('a file that this process may not read or write', () => {
  it('fails the boot, and says whose it is', async () => {
    const engine = engineAt();
    await engine.open();
    await engine.close();
    chmodSync(dirname(path), 0o755);
    chmodSync(path, 0o600);
    const output = inProcess([], { uid: NOBODY, gid: NOBODY });
    expect(output).toContain('PartneroConfigurationError');
    expect(output).toMatch(
      /can't be used: .*It belongs to user 0 \(mode 0600\).*runs as user 65534/s,
    );
    expect(output).toContain('PARTNERO_OUTBOX_PATH');
    expect(output).not.toContain('saved');
  });

  it('fails the boot where it can only be read', async () => {
    const engine = engineAt();
    await engine.open();
    await engine.close();
    chmodSync(dirname(path), 0o755);
    chmodSync(path, 0o644);
    const output = inProcess([], { uid: NOBODY, gid: NOBODY });
    expect(output).toMatch(/PartneroConfigurationError: .*can only be read/s);
  });

  it('is reported if others can read it and this process cannot change that', () => {
    mkdirSync(dirname(path), { mode: 0o777 });
    chmodSync(dirname(path), 0o777);
    writeFileSync(path, '');
    chownSync(path, 0, NOBODY);
    chmodSync(path, 0o660);
    const output = inProcess([], { uid: NOBODY, gid: NOBODY });
    expect(output).toContain('can be read by other users of this machine');
    expect(output).toContain('saved');
  });
});

describe('a file that others could read', () => {
  it('is made private, with its side files', async () => {
    mkdirSync(dirname(path));
    const before = engineAt();
    await before.open();
    await before.enqueue(job('a'));
    for (const name of readdirSync(dirname(path))) chmodSync(join(dirname(path), name), 0o644);
    await before.close();
    const engine = engineAt();
    await engine.open();
    await engine.enqueue(job('b'));
    expect(modesIn(dirname(path))).toEqual([
      ['outbox.db', 0],
      ['outbox.db-shm', 0],
      ['outbox.db-wal', 0],
    ]);
    await engine.close();
  });

  it('is made private behind a symbolic link', async () => {
    mkdirSync(dirname(path));
    const real = join(dirname(path), 'real.db');
    writeFileSync(real, '', { mode: 0o644 });
    symlinkSync(real, path);
    const engine = engineAt();
    await engine.open();
    await engine.enqueue(job('a'));
    expect(modesIn(dirname(path)).filter(([, mode]) => mode !== 0)).toEqual([]);
    expect(readFileSync(real).length).toBeGreaterThan(0);
    await engine.close();
  });
});

describe('an app under the permission model of Node.js', () => {
  it('is told that it may start no thread', () => {
    const allowed = ['--permission', '--allow-fs-read=*', '--allow-fs-write=*'];
    expect(inProcess(allowed)).toMatch(/PartneroConfigurationError: .*Use --allow-worker/s);
    expect(inProcess([...allowed, '--allow-worker'])).toContain('saved');
  });
});

describe("an app's preloads", () => {
  it.each(['NODE_OPTIONS', 'the command line'])('given in %s run in no thread of ours', (where) => {
    const preload = join(temporaryFolder(), 'tracing.cjs');
    writeFileSync(
      preload,
      `const { threadId } = require('node:worker_threads');
       process.stdout.write('preloaded in thread ' + threadId + '\\n');`,
    );
    const flag = `--require=${preload}`;
    const output =
      where === 'NODE_OPTIONS'
        ? inProcess([], { env: { ...process.env, NODE_OPTIONS: flag } })
        : inProcess([flag]);
    expect(output).toContain('saved');
    expect(output.match(/preloaded in thread \d+/g)).toEqual(['preloaded in thread 0']);
  });
});

describe("an app's tests with fake timers", () => {
  it('get a reply, though every timer stands still', async () => {
    const engine = engineAt();
    await engine.open();
    jest.useFakeTimers();
    const delivered: string[] = [];
    engine.start({
      concurrency: 1,
      maxAgeMs: 1,
      initialBackoffMs: 1,
      maxBackoffMs: 1,
      requestsPerMinute: undefined,
      deliver: async ({ orderingKey }) => {
        delivered.push(orderingKey);
        return { type: 'completed', outcome: 'attributed' };
      },
      checkKey: async () => 'accepted',
      onEnd() {},
    });
    for (const key of ['a', 'b', 'c']) engine.release(await engine.enqueue(job(key)));
    await engine.submit(job('d'));
    jest.useRealTimers();
    await eventually(() => delivered.length === 4);
    await engine.close();
  });
});
