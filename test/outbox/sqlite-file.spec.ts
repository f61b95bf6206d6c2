import { execFileSync, spawnSync } from 'node:child_process';
import { pbkdf2 } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PartneroService, sqliteOutbox, type PartneroModuleOptions } from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { SIGN_UP_APP } from '../support/app-process.js';
import { closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { settled } from '../support/sign-up-client.js';
import { killOutboxHosts, OutboxHost } from '../support/outbox-host.js';
import { inOtherProcess } from '../support/sqlite-shell.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

let fake: FakePartnero;
let path: string;

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann'] });
  path = join(temporaryFolder(), 'data', 'outbox.db');
});

afterEach(async () => {
  await closeApps();
  await killOutboxHosts();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

const start = (options: PartneroModuleOptions = {}) =>
  startApp({ imports: [partnero(fake, { outbox: sqliteOutbox({ path }), ...options })] });
const serviceOf = ({ app }: RunningApp) => app.get(PartneroService);
const attribute = (running: RunningApp, id: string) =>
  serviceOf(running).attribute(
    { key: 'ann' },
    { id, email: `${id}@example.com`, name: 'Lovelace' },
  );
const keys = () => fake.customers.map(({ key }) => key).toSorted();

/** All that is in the folder, as raw bytes; read elsewhere, as reading here would drop locks. */
function bytes(): string {
  return execFileSync('sh', ['-c', 'cat "$0"/*', dirname(path)], {
    encoding: 'latin1',
    maxBuffer: 2 ** 26,
  });
}

const onLinux = process.platform === 'linux' ? it : it.skip;

function openIn(folder: string): string[] {
  return readdirSync('/proc/self/fd')
    .map((name) => linkOf(`/proc/self/fd/${name}`))
    .filter((path) => path.startsWith(folder));
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // The folder's own, closed by now.
  }
}

/** For about 50 ms, one of libuv's four threads, as a slow disk does. */
const keepPoolBusy = () => promisify(pbkdf2)('', '', 300_000, 32, 'sha256');

const NEW_JOB = { name: 'attribution', referralKey: 'ann', payload: '{}', queuedAt: 1 };

describe('the file', () => {
  it('is private, in a private folder that git ignores', async () => {
    await start();
    await serviceOf(await start()).outbox.stats();
    const folder = dirname(path);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(folder).filter((each) => each.startsWith('outbox.db'))) {
      expect([name, statSync(join(folder, name)).mode & 0o077]).toEqual([name, 0]);
    }
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('*\n');
  });

  it('does not get a .gitignore into a folder that was there', async () => {
    mkdirSync(dirname(path));
    await start();
    expect(existsSync(join(dirname(path), '.gitignore'))).toBe(false);
  });

  it('leaves nothing but itself behind when the app ends', async () => {
    const running = await start();
    await attribute(running, 'user-1');
    await closeApps();
    expect(readdirSync(dirname(path)).toSorted()).toEqual(['.gitignore', 'outbox.db']);
  });

  onLinux('is let go of when the app ends, though the disk is busy at that moment', async () => {
    for (const isSyncing of [false, true]) {
      const running = await start();
      await sleep(100);
      const busy = Promise.all(Array.from({ length: 8 }, () => keepPoolBusy()));
      if (isSyncing) {
        await attribute(running, 'ada');
        await sleep(60);
      }
      await closeApps();
      expect(openIn(dirname(path))).toEqual([]);
      await busy;
    }
  });

  it('never holds the API key', async () => {
    const running = await start({ verifyOnBoot: 'warn' });
    await attribute(running, 'user-1');
    await settled(running.app, 1);
    await closeApps();
    expect(bytes()).not.toContain(fake.apiKey);
  });

  it('truly forgets a person once the job is settled, while the app runs', async () => {
    fake.misbehave({ type: 'status', status: 500 });
    const running = await start();
    // So many that pages of the file become free.
    for (let i = 1; i <= 100; i += 1) await attribute(running, `user-${i}`);
    expect(bytes()).toContain('Lovelace');
    fake.heal();
    await settled(running.app, 100);
    // The write-ahead log is emptied when it has been idle for a second.
    await eventually(() => !/Lovelace|example\.com/.test(bytes()));
    expect(await serviceOf(running).outbox.find({ customerKey: 'user-1' })).toMatchObject([
      { outcome: 'attributed', referralKey: 'ann' },
    ]);
  });

  it('counts nothing of what could not be written', async () => {
    const host = await OutboxHost.start({ engine: 'sqlite-engine', settings: { path } });
    const job = (orderingKey: string) => ({ ...NEW_JOB, orderingKey });
    const enqueue = (orderingKey: string) => host.enqueue(job(orderingKey));
    const results = await Promise.allSettled([
      ...['a', 'b', 'c', 'half a surrogate pair: \uD800', 'd', 'a NUL: \0'].map(enqueue),
      host.submit({ ...job('e'), name: null as unknown as string }),
    ]);
    const saved = results.filter(({ status }) => status === 'fulfilled').length;
    expect(saved).toBe(4);
    await enqueue('f');
    expect(await host.stats()).toMatchObject({ queued: saved + 1, pending: saved + 1 });
  });

  it('is not shared by programs that want different guarantees of it', async () => {
    await start();
    const full = sqliteOutbox({ path, synchronous: 'full' });
    await expect(start({ outbox: full })).rejects.toThrow(/one with synchronous 'normal'/);
  });

  it('is shared by two apps in one process', async () => {
    const [one, two] = [await start(), await start()];
    await Promise.all(
      Array.from({ length: 30 }, (_, i) => attribute(i % 2 ? one : two, `user-${i}`)),
    );
    await settled(one.app, 30);
    expect(fake.customers).toHaveLength(30);
    expect(fake.requestsTo('POST /customers')).toHaveLength(30);
    await one.close();
    expect(await attribute(two, 'after')).toBe('queued');
    await settled(two.app, 31);
  });
});

describe('boot', () => {
  it.each([
    ['a folder that cannot be made', () => writeFileSync(dirname(path), 'a file')],
    ['a path that is a folder', () => mkdirSync(path, { recursive: true })],
  ])('fails on %s, and names the ways out', async (_, prepare) => {
    prepare();
    await expect(start()).rejects.toThrow(
      /outbox file .*data.*PARTNERO_OUTBOX_PATH.*inlineOutbox/s,
    );
  });

  it('refuses a file of a version before the first release, and says what to do', async () => {
    mkdirSync(dirname(path));
    inOtherProcess(path, readFileSync('test/support/fixtures/outbox-v1.sql', 'utf8'));
    await expect(start()).rejects.toThrow(
      /from before its first release.*Let that version deliver what is pending, then delete the file/s,
    );
    expect(inOtherProcess(path, 'PRAGMA user_version').rows).toEqual([{ user_version: 1 }]);
  });

  it('of many at once, on a file that none of them has made, fails none', async () => {
    const settings = (n: number) => ({ path: join(dirname(path), `${n}`, 'outbox.db') });
    for (let n = 0; n < 3; n += 1) {
      const boots = Array.from({ length: 6 }, () =>
        OutboxHost.start({ engine: 'sqlite-engine', settings: settings(n) }),
      );
      const hosts = await Promise.all(boots);
      await Promise.all(hosts.map((host) => host.kill()));
    }
  }, 60_000);

  it('refuses a file of a newer version, and changes nothing in it', async () => {
    await start();
    await closeApps();
    inOtherProcess(path, 'PRAGMA user_version = 99');
    await expect(start()).rejects.toThrow(/written by a newer version/);
    const { rows } = inOtherProcess(path, 'SELECT count(*) AS n FROM jobs');
    expect(rows).toEqual([{ n: 0 }]);
  });

  it('refuses a database of another program, and changes nothing in it', async () => {
    mkdirSync(dirname(path));
    inOtherProcess(path, 'CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)');
    await expect(start()).rejects.toThrow(/database of another program/);
    expect(inOtherProcess(path, 'SELECT * FROM theirs').rows).toEqual([{ x: 1 }]);
    expect(inOtherProcess(path, 'PRAGMA journal_mode').rows).toEqual([{ journal_mode: 'delete' }]);
  });

  it.each([
    ['rubbish', () => writeFileSync(path, 'x'.repeat(50_000))],
    [
      'a damaged schema',
      () => {
        const content = readFileSync(path);
        content.fill(0xff, 100, 4_000);
        writeFileSync(path, content);
      },
    ],
  ])('sets %s aside, says so, and starts', async (_, damage) => {
    await start();
    await closeApps();
    damage();
    const damaged = readFileSync(path);
    const running = await start();
    expect(await attribute(running, 'user-1')).toBe('queued');
    await settled(running.app, 1);
    const aside = readdirSync(dirname(path)).find((name) => name.includes('.corrupt-'))!;
    expect(readFileSync(join(dirname(path), aside))).toEqual(damaged);
    expect(running.logger.ours('error')[0]).toContain(aside);
  });

  it('takes a file cut to nothing for a new one', async () => {
    await start();
    await closeApps();
    truncateSync(path, 0);
    const running = await start();
    expect(await attribute(running, 'user-1')).toBe('queued');
  });

  it('leaves a job pending whose name this version of the app does not know', async () => {
    const host = await OutboxHost.start({ engine: 'sqlite-engine', settings: { path } });
    await host.submit({ ...NEW_JOB, name: 'payout', orderingKey: 'user-1' });
    await host.close();
    const { outbox } = serviceOf(await start());
    await eventually(async () => {
      const [entry] = await outbox.find({ customerKey: 'user-1' });
      expect(entry).toMatchObject({ state: 'pending', reason: 'unknown_job' });
      return true;
    });
  });

  it('makes a write-ahead log of its own for a copy that was made with VACUUM INTO', async () => {
    await fake.down();
    const before = await start();
    await attribute(before, 'ada');
    await closeApps();
    const copy = `${path}.copy`;
    inOtherProcess(path, `VACUUM INTO '${copy}'; SELECT 1`);
    renameSync(copy, path);
    await fake.up();
    const after = await start();
    expect(inOtherProcess(path, 'PRAGMA journal_mode').rows).toEqual([{ journal_mode: 'wal' }]);
    await settled(after.app, 1);
  });

  it('delivers what a file from before holds', async () => {
    await fake.down();
    const before = await start();
    for (let i = 0; i < 50; i += 1) await attribute(before, `user-${i}`);
    await closeApps();
    await fake.up();
    const after = await start();
    await settled(after.app, 50);
    expect(new Set(keys()).size).toBe(50);
  });
});

describe('while the app runs', () => {
  it('a lock of another process delays a commit, not the sign-up', async () => {
    const running = await start({ acceptTimeoutMs: 50 });
    const other = inOtherProcess(path, 'BEGIN IMMEDIATE', { holdMs: 400 });
    await other.ready;
    const started = performance.now();
    expect(await attribute(running, 'user-1')).toBe('accept_timeout');
    expect(performance.now() - started).toBeLessThan(350);
    await other.ended;
    await settled(running.app, 1);
    expect(keys()).toEqual(['user-1']);
  });
});

describe('a Node.js without node:sqlite', () => {
  it('fails the boot, and says which one is needed', () => {
    const options = { path, baseUrl: fake.baseUrl, apiKey: fake.apiKey };
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--no-experimental-sqlite', SIGN_UP_APP, JSON.stringify(options)],
      { encoding: 'utf8' },
    );
    expect(status).not.toBe(0);
    expect(stderr).toContain('needs node:sqlite, which Node.js has from 22.13 on; this is v');
    expect(existsSync(path)).toBe(false);
  });
});
