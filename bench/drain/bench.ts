// npm run bench:drain [-- --jobs 1000000] [--rounds 3] [--seconds 5] [--json]
// The cost of a large backlog, compared with none, and how fast it is delivered.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { FakeFault } from 'nestjs-partnero/testing';
import { Child } from '../child.js';
import { median, printTable, quantile, spread } from '../statistics.js';
import type { DrainTask } from './server.js';
import { fill } from './fill.js';

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
const jobs = Number(values.jobs);
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const SIGN_UPS = 500;
const RESPONSES_MS = [0, 100];
const CONCURRENCIES = [10, 50];

type Partnero = Child<{ baseUrl: string; apiKey: string }>;
type App = Child<{ bootMs: number }>;

const folder = mkdtempSync(join(tmpdir(), 'nestjs-partnero-drain-'));
const progress = (line: string) => process.stderr.write(`${line}\n`);

const start = (task: DrainTask): Promise<App> =>
  Child.start(join(import.meta.dirname, 'server.js'), task);
const ask = (app: App, signUps: number) => app.ask<{ latencies: number[]; rss: number }>(signUps);

/** An app that delivers nothing, on that file. */
async function atRest(partnero: Partnero, path: string) {
  const app = await start({ ...partnero.hello, path, concurrency: 0 });
  const { latencies, rss } = await ask(app, SIGN_UPS);
  await app.end();
  return { boot: app.hello.bootMs, latencies, megabytes: rss / 2 ** 20 };
}

async function costs(partnero: Partnero, full: string, empty: string): Promise<object> {
  const paths = { 'no backlog': empty, [`${jobs} pending`]: full };
  const found = Object.keys(paths).map((name) => ({
    name,
    boot: [] as number[],
    p50: [] as number[],
    p99: [] as number[],
    megabytes: [] as number[],
  }));
  for (let round = 1; round <= rounds; round += 1) {
    progress(`at rest, round ${round} of ${rounds}`);
    for (const side of found) {
      const { boot, latencies, megabytes } = await atRest(partnero, paths[side.name]!);
      side.boot.push(boot);
      side.p50.push(quantile(latencies, 0.5));
      side.p99.push(quantile(latencies, 0.99));
      side.megabytes.push(megabytes);
    }
  }
  console.log(`An app that starts on the file and enqueues ${SIGN_UPS} sign-ups one by one`);
  printTable(
    ['', 'boot ms', 'enqueue p50 ms', 'p99 ms', 'memory MB'],
    found.map(({ name, boot, p50, p99, megabytes }) => [
      name,
      median(boot).toFixed(0),
      median(p50).toFixed(2),
      median(p99).toFixed(2),
      median(megabytes).toFixed(0),
    ]),
  );
  return found;
}

async function drainRate(partnero: Partnero, path: string, concurrency: number) {
  const delivered = () => partnero.ask<{ delivered: number }>('count');
  const app = await start({ ...partnero.hello, path, concurrency });
  await sleep(1_000);
  const before = await delivered();
  await sleep(seconds * 1_000);
  const after = await delivered();
  const { rss } = await ask(app, 0);
  await app.end();
  return { rate: (after.delivered - before.delivered) / seconds, megabytes: rss / 2 ** 20 };
}

async function drain(partnero: Partnero, path: string): Promise<object> {
  const cases = RESPONSES_MS.flatMap((ms) =>
    CONCURRENCIES.map((concurrency) => ({ ms, concurrency })),
  );
  const found = cases.map((each) => ({
    ...each,
    rates: [] as number[],
    megabytes: [] as number[],
  }));
  for (let round = 1; round <= rounds; round += 1) {
    progress(`delivering, round ${round} of ${rounds}`);
    for (const each of found) {
      const fault: FakeFault | 'heal' = each.ms > 0 ? { type: 'slow', ms: each.ms } : 'heal';
      await partnero.ask(fault);
      const { rate, megabytes } = await drainRate(partnero, path, each.concurrency);
      each.rates.push(rate);
      each.megabytes.push(megabytes);
    }
  }
  console.log('Delivering the backlog');
  printTable(
    ['Partnero responds in', 'concurrency', 'a second', 'spread', 'of the possible', 'memory MB'],
    found.map(({ ms, concurrency, rates, megabytes }) => [
      `${ms} ms`,
      String(concurrency),
      median(rates).toFixed(0),
      spread(rates),
      ms === 0 ? '–' : (median(rates) / ((1_000 / ms) * concurrency)).toFixed(2),
      median(megabytes).toFixed(0),
    ]),
  );
  return found;
}

try {
  console.log(`Node ${process.version}, ${jobs} jobs, ${rounds} rounds\n`);
  const [full, empty] = ['full', 'empty'].map((name) => join(folder, name, 'outbox.db'));
  progress('making the backlog');
  await fill(full!, jobs);
  await fill(empty!, 0);
  console.log(`The file: ${(statSync(full!).size / 2 ** 20).toFixed(0)} MB\n`);
  const partnero: Partnero = await Child.start(join(import.meta.dirname, '../fake-server.js'));
  const results = {
    atRest: await costs(partnero, full!, empty!),
    drain: await drain(partnero, full!),
  };
  await partnero.end();
  if (values.json) console.log(JSON.stringify(results));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
