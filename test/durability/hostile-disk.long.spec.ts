import { execFileSync } from 'node:child_process';
import { appendFileSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PartneroService, sqliteOutbox, type PartneroModuleOptions } from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { AppProcess } from '../support/app-process.js';
import { closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { deliver } from '../support/deliveries.js';
import { forgetCalls, handled, startHandling } from '../support/event-handlers.js';
import { eventually } from '../support/eventually.js';
import { killOutboxHosts, OutboxHost } from '../support/outbox-host.js';
import { remount, smallDisk, unmountDisks } from '../support/small-disk.js';
import { inOtherProcess } from '../support/sqlite-shell.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

let fake: FakePartnero;
let path: string;

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann'] });
  path = join(temporaryFolder(), 'outbox.db');
});

afterEach(async () => {
  await closeApps();
  await killOutboxHosts();
  await fake.stop();
});

afterAll(() => {
  unmountDisks();
  removeTemporaryFolders();
});

const start = (options: PartneroModuleOptions = {}) =>
  startApp({
    imports: [
      partnero(fake, {
        outbox: sqliteOutbox({ path }),
        ...options,
      }),
    ],
  });
const serviceOf = ({ app }: RunningApp) => app.get(PartneroService);
const statsOf = (running: RunningApp) => serviceOf(running).outbox.stats();
const attribute = (running: RunningApp, id: string) =>
  serviceOf(running).attribute({ key: 'ann' }, { id, email: `${id}@example.com` });

async function attributeMany(running: RunningApp, count: number, prefix = 'user'): Promise<void> {
  for (let i = 0; i < count; i += 500) {
    const ids = Array.from({ length: Math.min(500, count - i) }, (_, n) => `${prefix}-${i + n}`);
    const outcomes = await Promise.all(ids.map((id) => attribute(running, id)));
    expect(new Set(outcomes)).toEqual(new Set(['queued']));
  }
}

/** Nothing pending, and the counts add up. */
async function expectDelivered(running: RunningApp): Promise<void> {
  const { queued, outcomes, dead } = await eventually(async () => {
    const stats = await statsOf(running);
    return stats.pending === 0 && stats;
  }, 90_000);
  expect(Object.values(outcomes).reduce((sum, n) => sum + n, dead)).toBe(queued);
  const keys = fake.customers.map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
}

/**
 * Overwrites pages at so many percent of the file, as a failing disk does. In another process: a
 * descriptor closed in this one would drop SQLite's locks.
 */
function damage(percents: number[]): void {
  const pages = statSync(path).size / 4_096;
  damagePages(percents.map((percent) => Math.floor((pages * percent) / 100)));
}

function damagePages(pages: number[]): void {
  const script = `
    const { openSync, writeSync } = require('node:fs');
    const [path, pages] = process.argv.slice(1);
    const file = openSync(path, 'r+');
    for (const page of JSON.parse(pages)) writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096);`;
  execFileSync(process.execPath, ['-e', script, path, JSON.stringify(pages)]);
}

describe('a file that is damaged in the middle', () => {
  it('is moved aside at boot, and what can be read of it is delivered', async () => {
    await fake.down();
    const before = await start();
    await attributeMany(before, 3_000);
    await closeApps();
    // Some of them are pages of indexes, whose loss costs nothing.
    damage([15, 30, 31, 45, 60, 75]);
    await fake.up();
    const after = await start({ delivery: { concurrency: 50 } });
    expect(await attribute(after, 'user-new')).toBe('queued');
    await eventually(() => after.logger.ours('error').some((line) => line.includes('was damaged')));
    await expectDelivered(after);
    expect(fake.customers.length).toBeGreaterThan(2_000);
    expect(fake.customers.length).toBeLessThan(3_001);
    expect(readdirSync(dirname(path)).some((name) => name.includes('.corrupt-'))).toBe(true);
  }, 60_000);

  it('is moved aside if all that is wrong is an entry that an index lacks', async () => {
    await fake.down();
    const before = await start();
    await attributeMany(before, 100);
    await closeApps();
    const script = `
      const { DatabaseSync } = require('node:sqlite');
      const run = (work) => {
        const db = new DatabaseSync(process.argv[1], { defensive: false });
        db.exec('PRAGMA writable_schema = ON');
        work(db);
        db.close();
      };
      let index;
      run((db) => (index = db.prepare("SELECT * FROM sqlite_schema WHERE name = 'jobs_due'").get()));
      run((db) => db.exec("DELETE FROM sqlite_schema WHERE name = 'jobs_due'"));
      run((db) => db.exec('UPDATE jobs SET due = due - 1 WHERE seq = 50'));
      run((db) => db.prepare('INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)').run(...Object.values(index)));`;
    execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', '-e', script, path]);
    expect(inOtherProcess(path, 'PRAGMA quick_check').rows).toEqual([{ quick_check: 'ok' }]);
    await fake.up();
    const after = await start();
    await expectDelivered(after);
    expect(fake.customers).toHaveLength(100);
  }, 60_000);

  it.each([
    'jobs',
    'jobs_ordering',
    'jobs_due',
    'jobs_owner',
    'jobs_dead',
    'keys',
    'keys_job',
    'counters',
    'owners',
    'programs',
  ])('is moved aside also if the damage is in the first page of %s', async (name) => {
    await fake.down();
    const before = await start();
    await attributeMany(before, 100);
    await closeApps();
    const { rows } = inOtherProcess(
      path,
      `SELECT rootpage AS page FROM sqlite_schema WHERE name = '${name}'`,
    );
    damagePages([(rows[0] as { page: number }).page - 1]);
    await fake.up();
    const after = await start();
    expect(await attribute(after, 'user-new')).toBe('queued');
    await expectDelivered(after);
    expect(fake.customers.map(({ key }) => key)).toContain('user-new');
    if (name !== 'jobs') expect(fake.customers).toHaveLength(101);
  });

  it('is moved aside while the app runs, and sign-ups go on', async () => {
    await fake.down();
    // Larger than what SQLite keeps in memory of it.
    const running = await start();
    await attributeMany(running, 20_000);
    inOtherProcess(path, 'PRAGMA wal_checkpoint(TRUNCATE)');
    damage([20, 50, 80]);
    await fake.up();
    await attributeMany(running, 500, 'later');
    await expectDelivered(running);
    expect(
      running.logger.ours('error').filter((line) => line.includes('was damaged')),
    ).toHaveLength(1);
    expect(fake.customers.filter(({ key }) => key.startsWith('later'))).toHaveLength(500);
    expect(fake.customers.length).toBeGreaterThan(18_000);
    expect((await statsOf(running)).storage).toEqual({ ok: true, problem: null });
  }, 120_000);

  it('is moved aside if it was cut short, and what can be read of it is delivered', async () => {
    await fake.down();
    const before = await start();
    await attributeMany(before, 3_000);
    await closeApps();
    truncateSync(path, Math.floor(statSync(path).size / 8_192) * 4_096);
    await fake.up();
    const after = await start({ delivery: { concurrency: 50 } });
    expect(await attribute(after, 'user-new')).toBe('queued');
    await expectDelivered(after);
    expect(fake.customers.length).toBeGreaterThan(500);
  }, 60_000);
});

describe('a write-ahead log whose file is gone', () => {
  it('is moved aside, and the app starts', async () => {
    await fake.down();
    const dying = await AppProcess.start({ path, baseUrl: fake.baseUrl, apiKey: fake.apiKey });
    await dying.signUp('user-1');
    await dying.end();
    rmSync(path);
    await fake.up();
    const running = await start();
    expect(await attribute(running, 'user-2')).toBe('queued');
    await expectDelivered(running);
    expect(readdirSync(dirname(path))).toContainEqual(
      expect.stringMatching(/^outbox\.db\.orphan-.+-wal$/),
    );
  });
});

// Mounting a disk needs root. .ci/run makes sure that this runs wherever it can.
const disk = smallDisk();
if (!disk && process.env['NOTHING_SKIPPED'])
  throw new Error('No disk of its own could be mounted.');
if (!disk) console.warn('Skipped: a full disk and a read-only one. Mounting one needs root.');
const onDiskOfItsOwn = disk ? describe : describe.skip;

onDiskOfItsOwn('a disk that is full', () => {
  const filler = () => join(disk!, 'filler');

  function fill(): void {
    try {
      for (;;) appendFileSync(filler(), Buffer.alloc(4_096, 1));
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
    }
  }

  beforeEach(() => {
    path = join(disk!, `folder-${Math.random()}`, 'outbox.db');
  });

  afterEach(async () => {
    await closeApps();
    for (const name of readdirSync(disk!)) rmSync(join(disk!, name), { recursive: true });
  });

  it('fails no sign-up, is counted and reported, and recovers once there is room', async () => {
    await fake.down();
    const running = await start();
    await attributeMany(running, 200, 'before');
    fill();
    const during: string[] = [];
    for (let i = 0; i < 300; i += 1) during.push(await attribute(running, `during-${i}`));
    expect(during).toContain('accept_failed');
    const full = await statsOf(running);
    expect(full.storage).toEqual({
      ok: false,
      problem: expect.stringContaining('the disk is full'),
    });
    expect(full.notAccepted.accept_failed).toBe(during.filter((each) => each !== 'queued').length);
    await fake.up();
    rmSync(filler());
    await eventually(async () => (await attribute(running, 'after')) === 'queued', 10_000);
    await expectDelivered(running);
    expect(fake.customers.filter(({ key }) => key.startsWith('before'))).toHaveLength(200);
    expect((await statsOf(running)).storage).toEqual({ ok: true, problem: null });
    const complaints = running.logger.ours('error').filter((line) => line.includes('disk is full'));
    expect(complaints.length).toBeGreaterThan(0);
    expect(complaints.length).toBeLessThan(4);
  }, 60_000);

  it('leaves nothing behind of a damaged file, once there is room', async () => {
    await fake.down();
    const before = await start();
    await attributeMany(before, 1_200);
    await closeApps();
    const sql = "SELECT rootpage AS page FROM sqlite_schema WHERE name = 'owners'";
    damagePages([(inOtherProcess(path, sql).rows[0] as { page: number }).page - 1]);
    fill();
    // Enough for a part of it.
    truncateSync(filler(), statSync(filler()).size - 500_000);
    const after = await start();
    expect((await statsOf(after)).pending).toBeLessThan(1_200);
    rmSync(filler());
    await fake.up();
    await eventually(() => after.logger.ours('error').some((line) => line.includes('was damaged')));
    await expectDelivered(after);
    expect(fake.customers).toHaveLength(1_200);
  }, 60_000);

  it('loses no result of a delivery that ends while it is full', async () => {
    fake.misbehave({ type: 'slow', ms: 300 });
    const running = await start();
    await attributeMany(running, 10);
    await eventually(() => fake.requestsTo('POST /customers').length === 10);
    fill();
    await eventually(() => fake.requests.filter(({ status }) => status === 201).length === 10);
    expect((await statsOf(running)).pending).toBeGreaterThan(0);
    rmSync(filler());
    await expectDelivered(running);
    expect(fake.requestsTo('POST /customers')).toHaveLength(10);
  }, 30_000);

  it('discards a sign-up that fails while it is full, once there is room', async () => {
    const host = await OutboxHost.start({ engine: 'sqlite-engine', settings: { path } });
    const enqueue = (orderingKey: string) =>
      host.enqueue({
        name: 'attribution',
        orderingKey,
        referralKey: 'ann',
        payload: 'x'.repeat(1_000),
        queuedAt: Date.now(),
      });
    const id = await enqueue('first');
    fill();
    for (let n = 0; await enqueue(`${n}`).catch(() => null); n += 1);
    const discarding = host.discard(id);
    expect(await Promise.race([discarding, sleep(50, 'tries')])).toBe('tries');
    rmSync(filler());
    expect(await discarding).toBe(true);
    expect((await host.stats()).outcomes).toEqual({ discarded: 1 });
  });

  it('refuses webhook events with 503, and takes them once there is room', async () => {
    forgetCalls();
    const running = await startHandling({ outbox: sqliteOutbox({ path }) });
    fill();
    const send = async (n: number) => (await deliver(`${running.url}/hook`, body(n))).status;
    const body = (n: number) => `{"event":"transaction.created","data":{"key":"inv-${n}"}}`;
    let taken = 0;
    while ((await send(taken)) === 201) taken += 1;
    expect(await send(taken)).toBe(503);
    rmSync(filler());
    await eventually(async () => (await send(taken)) === 201);
    const stats = await handled(running, 2 * (taken + 1));
    expect(stats.queued).toBe(2 * (taken + 1) + (stats.outcomes['duplicate'] ?? 0));
  }, 30_000);

  it.each(['warn', 'fail'] as const)(
    'at boot, with a file that was there, lets the app start, and recovers (verifyOnBoot: %s)',
    async (verifyOnBoot) => {
      await fake.down();
      const before = await start();
      await attributeMany(before, 50);
      await closeApps();
      fill();
      await fake.up();
      const running = await start({ verifyOnBoot });
      expect(running.logger.text).toMatch(/Sign-ups can't be saved .* the disk is full/);
      expect(running.logger.text).not.toContain('Attributing to');
      rmSync(filler());
      await expectDelivered(running);
      expect(fake.customers).toHaveLength(50);
    },
    60_000,
  );

  it('at boot, with no file yet, fails each boot, and names the ways out', async () => {
    fill();
    const why = /can't be made: the disk is full.*sqliteOutbox\(\{ path \}\)/s;
    await expect(start()).rejects.toThrow(why);
    await expect(start()).rejects.toThrow(why);
  });

  it('that can only be read fails the boot, with a file that was there', async () => {
    await start();
    await closeApps();
    remount(disk!, 'ro');
    try {
      await expect(start()).rejects.toThrow(/can't be used.*can only be read/s);
    } finally {
      remount(disk!, 'rw');
    }
  });

  it('that can only be read fails the boot, with no file yet', async () => {
    remount(disk!, 'ro');
    try {
      await expect(start()).rejects.toThrow(/can't be made.*can only be read/s);
    } finally {
      remount(disk!, 'rw');
    }
  });
});
