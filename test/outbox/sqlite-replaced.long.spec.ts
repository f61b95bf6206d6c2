import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { sqliteOutbox } from 'nestjs-partnero';
import type { CompletedResult } from '#lib/outbox/delivery-result.js';
import type { Delivery } from '#lib/outbox/delivery.js';
import type { NewJob } from '#lib/outbox/job.js';
import type { OutboxEngine } from '#lib/outbox/outbox-engine.js';
import { eventually } from '../support/eventually.js';
import { killOutboxHosts, OutboxHost } from '../support/outbox-host.js';
import { inOtherProcess } from '../support/sqlite-shell.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const DONE: CompletedResult = { type: 'completed', outcome: 'attributed' };

let path: string;
let delivered: string[];
let lines: string[];
const open = new Set<OutboxEngine>();

beforeEach(() => {
  path = join(temporaryFolder(), 'data', 'outbox.db');
  delivered = [];
  lines = [];
});

afterEach(async () => {
  await killOutboxHosts();
  for (const engine of open) await engine.close();
  open.clear();
});

afterAll(removeTemporaryFolders);

const startHost = () => OutboxHost.start({ engine: 'sqlite-engine', settings: { path } });

async function startEngine(): Promise<OutboxEngine> {
  const log = (line: string) => void lines.push(line);
  const engine = sqliteOutbox({ path }).create({
    program: 'default',
    historyDays: 90,
    acceptTimeoutMs: 1_000,
    log: { log, warn: log, error: log },
  });
  open.add(engine);
  await engine.open();
  return engine;
}

const delivery: Delivery = {
  concurrency: 10,
  maxAgeMs: 86_400_000,
  initialBackoffMs: 10,
  maxBackoffMs: 100,
  requestsPerMinute: undefined,
  deliver: async ({ orderingKey }) => {
    delivered.push(orderingKey);
    return DONE;
  },
  checkKey: async () => 'accepted',
  onEnd() {},
};

const job = (orderingKey: string): NewJob => ({
  name: 'attribution',
  orderingKey,
  referralKey: 'ann',
  payload: '{}',
  queuedAt: Date.now(),
});

/** Enqueues jobs, of which every other one is released. */
async function enqueue(outbox: OutboxEngine, prefix: string, count = 20): Promise<string[]> {
  const ids = await Promise.all(
    Array.from({ length: count }, (_, i) => outbox.enqueue(job(`${prefix}-${i}`))),
  );
  for (const id of ids.filter((_, i) => i % 2 === 0)) outbox.release(id);
  return ids;
}

const rowsOf = (sql: string) => inOtherProcess(path, sql).rows as { n: number }[];
const pendingRows = () => {
  try {
    return rowsOf('SELECT count(*) AS n FROM jobs WHERE state = 0')[0]!.n;
  } catch {
    // There is no file, or no table in it yet.
    return 0;
  }
};

/** Starts an engine on what is there, and delivers all of it. */
async function deliverAll(): Promise<OutboxEngine> {
  const engine = await startEngine();
  engine.start(delivery);
  await eventually(async () => (await engine.stats()).pending === 0);
  return engine;
}

function makeAnother(): string {
  const other = `${path}.other`;
  execFileSync(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    '-e',
    `const { DatabaseSync } = require('node:sqlite');
     new DatabaseSync(process.argv[1]).exec('VACUUM INTO ' + JSON.stringify(process.argv[2]).replaceAll('"', "'"));`,
    path,
    other,
  ]);
  inOtherProcess(other, 'DELETE FROM jobs; DELETE FROM owners; DELETE FROM counters; SELECT 1');
  return other;
}

const replacements: [string, () => void][] = [
  ['deleted', () => rmSync(path)],
  ['deleted with its folder', () => rmSync(dirname(path), { recursive: true })],
  ['renamed', () => renameSync(path, `${path}.away`)],
  ['replaced by another outbox', () => renameSync(makeAnother(), path)],
  [
    'replaced by an empty file',
    () => {
      writeFileSync(`${path}.empty`, '');
      renameSync(`${path}.empty`, path);
    },
  ],
  [
    'replaced by a copy of itself',
    () => {
      execFileSync('cp', [path, `${path}.copy`]);
      renameSync(`${path}.copy`, path);
    },
  ],
];

it('An outbox file that is deleted just before the app stops loses nothing', async () => {
  const engine = await startEngine();
  await enqueue(engine, 'before');
  rmSync(path);
  open.delete(engine);
  await engine.close();
  await deliverAll();
  expect(new Set(delivered).size).toBe(20);
});

it('A log that is deleted while another program reads the file holds up no job, and none is lost', async () => {
  const host = await startHost();
  await enqueue(host, 'before');
  const reader = new DatabaseSync(path);
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM jobs').get();
  await enqueue(host, 'read');
  rmSync(`${path}-wal`);
  await eventually(() => existsSync(`${path}-wal`));
  const startedAt = performance.now();
  await enqueue(host, 'after');
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  reader.close();
  await host.kill();
  await deliverAll();
  expect(new Set(delivered).size).toBe(60);
});

describe.each(replacements)('an outbox file that is %s while the app runs', (_, replace) => {
  it('loses nothing, not even if the app is then killed', async () => {
    const host = await startHost();
    await enqueue(host, 'before');
    replace();
    await eventually(() => pendingRows() === 20);
    await enqueue(host, 'after');
    await host.kill();
    const engine = await deliverAll();
    expect(new Set(delivered).size).toBe(40);
    expect(delivered).toHaveLength(40);
    expect((await engine.stats()).outcomes).toEqual({ attributed: 40 });
  });

  it('is reported once, and the app goes on delivering', async () => {
    const engine = await startEngine();
    const ids = await enqueue(engine, 'before');
    replace();
    await eventually(() => lines.length > 0);
    expect(lines).toEqual([expect.stringContaining('was deleted or replaced while the app ran')]);
    engine.start(delivery);
    await enqueue(engine, 'after');
    // Held before, decided after.
    for (const id of ids) engine.release(id);
    await eventually(async () => (await engine.stats()).pending === 10);
    expect(readdirSync(dirname(path)).filter((name) => name.includes('orphan'))).toEqual([]);
    expect(delivered.filter((key) => key.startsWith('before'))).toHaveLength(20);
  });
});

describe('an outbox file that is replaced by an older copy of itself', () => {
  it('sends nothing again that has completed since', async () => {
    const engine = await startEngine();
    await enqueue(engine, 'a', 2);
    execFileSync('cp', [path, `${path}.copy`]);
    execFileSync('cp', [`${path}-wal`, `${path}.copy-wal`]);
    inOtherProcess(`${path}.copy`, 'SELECT count(*) AS n FROM jobs');
    engine.start(delivery);
    await eventually(async () => (await engine.stats()).outcomes['attributed'] === 1);
    renameSync(`${path}.copy`, path);
    await eventually(() => lines.length > 0);
    await eventually(async () => (await engine.stats()).pending === 1);
    expect(delivered).toEqual(['a-0']);
  });
});

describe('a write-ahead log that is deleted while the app runs', () => {
  it('loses nothing, not even if the app is then killed', async () => {
    const host = await startHost();
    await enqueue(host, 'before');
    rmSync(`${path}-wal`);
    await eventually(() => existsSync(`${path}-wal`));
    await enqueue(host, 'after');
    await host.kill();
    await deliverAll();
    expect(new Set(delivered).size).toBe(40);
  });

  it('is reported once, with the new name of the file', async () => {
    const engine = await startEngine();
    await enqueue(engine, 'before');
    rmSync(`${path}-wal`);
    await eventually(() => lines.length > 0);
    await enqueue(engine, 'after');
    engine.start(delivery);
    await eventually(async () => (await engine.stats()).pending === 20);
    expect(lines).toEqual([
      expect.stringMatching(/The write-ahead log of the outbox, .* was moved to .*\.without-log-/),
    ]);
  });

  it('loses nothing of several processes, which go on in one file', async () => {
    const hosts = [await startHost(), await startHost()];
    const over = new AbortController();
    const saved = hosts.map(async (host, n) => {
      let count = 0;
      for (; !over.signal.aborted; count += 1) await enqueue(host, `host-${n}-${count}`, 1);
      return count;
    });
    await sleep(100);
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix);
    await sleep(5_000);
    over.abort();
    const [one = 0, other = 0] = await Promise.all(saved);
    for (const host of hosts) await host.kill();
    const { rows } = inOtherProcess(path, 'PRAGMA integrity_check');
    expect(rows).toEqual([{ integrity_check: 'ok' }]);
    await deliverAll();
    expect(new Set(delivered).size).toBe(one + other);
  }, 60_000);
});

describe('a folder that is out of reach for a moment', () => {
  it('fails nothing that was saved', async () => {
    const engine = await startEngine();
    await enqueue(engine, 'before');
    renameSync(dirname(path), `${dirname(path)}-away`);
    const ids = await enqueue(engine, 'during');
    renameSync(`${dirname(path)}-away`, dirname(path));
    for (const id of ids) expect(await engine.discard(id)).toBe(ids.indexOf(id) % 2 === 1);
    engine.start(delivery);
    await eventually(async () => (await engine.stats()).outcomes['attributed'] === 20);
    expect(await engine.stats()).toMatchObject({
      queued: 40,
      outcomes: { attributed: 20, discarded: 10 },
    });
  });
});

describe('a path that something else has taken', () => {
  it('takes no more jobs, reports it, and goes on when the path is free', async () => {
    const engine = await startEngine();
    await enqueue(engine, 'before');
    rmSync(dirname(path), { recursive: true });
    writeFileSync(dirname(path), 'in the way');
    await eventually(() =>
      engine.enqueue(job('during')).then(
        () => false,
        () => true,
      ),
    );
    expect((await engine.stats().catch(() => null))?.storage.ok ?? false).toBe(false);
    rmSync(dirname(path));
    await eventually(() =>
      engine.enqueue(job('after')).then(
        () => true,
        () => false,
      ),
    );
    await eventually(async () => (await engine.stats()).storage.ok);
    expect(pendingRows()).toBeGreaterThanOrEqual(21);
  });
});

describe('processes that share an outbox file', () => {
  it('deliver what a killed one held and sent at once, and nothing of a living one', async () => {
    const [dying, living] = [await startHost(), await startHost()];
    const hang = new Promise<CompletedResult>(() => {});
    await dying.enqueue(job('held'));
    await dying.submit(job('sent'));
    dying.start({ ...delivery, deliver: () => hang });
    await living.enqueue(job('of the living'));
    await eventually(
      () => rowsOf('SELECT count(*) AS n FROM jobs WHERE owner IS NOT NULL')[0]!.n === 3,
    );
    await dying.kill();
    const started = performance.now();
    const engine = await startEngine();
    engine.start(delivery);
    await eventually(() => delivered.length === 2);
    expect(performance.now() - started).toBeLessThan(4_000);
    expect(delivered.toSorted()).toEqual(['held', 'sent']);
  });

  it('are not disturbed by a copy of the folder', async () => {
    const [one, two] = [await startHost(), await startHost()];
    await enqueue(one, 'one', 10);
    execFileSync('cp', ['-r', dirname(path), `${dirname(path)}-copy`]);
    await enqueue(two, 'two', 10);
    await Promise.all([one.kill(), two.kill()]);
    await deliverAll();
    expect(new Set(delivered).size).toBe(20);
    expect(delivered).toHaveLength(20);
  });
});

describe('a clock that is before 2026', () => {
  it('delivers from a fresh file all the same', async () => {
    const host = await startHost();
    await host.kill();
    rmSync(dirname(path), { recursive: true });
    mkdirSync(dirname(path));
    const early = await startHost();
    await early.setClock(-(Date.now() - Date.UTC(2001, 0, 1)));
    early.start(delivery);
    const id = await early.enqueue(job('a'));
    early.release(id);
    await early.submit(job('b'));
    await eventually(() => delivered.length === 2);
    expect(readdirSync(dirname(path))).toContain('outbox.db');
  });
});
