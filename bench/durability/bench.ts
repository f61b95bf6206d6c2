// npm run bench:durability [-- --rounds 5] [--seconds 4] [--rate 300] [--slow-ms 20] [--json]
// What it costs a sign-up to survive a killed process, and what to survive a power cut; on the disk
// that is there, and on one whose syncs take longer.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Child } from '../child.js';
import { openLoop } from '../open-loop.js';
import type { ServerTask } from '../sign-up/server.js';
import { figure, median, printTable, quantile, spread } from '../statistics.js';
import { slowDisk } from './slow-disk.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    rate: { type: 'string', default: '300' },
    'slow-ms': { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const ratePerSecond = Number(values.rate);
const slowMs = Number(values['slow-ms']);

const SIDES = ['plain route', "synchronous: 'normal'", "synchronous: 'full'"] as const;
type Side = (typeof SIDES)[number];
type Partnero = Child<{ baseUrl: string; apiKey: string }>;

const folder = mkdtempSync(join(tmpdir(), 'nestjs-partnero-durability-'));

function taskOf(side: Side, partnero: Partnero): ServerTask {
  return {
    variant: side === 'plain route' ? 'plain' : 'nestjs-partnero',
    adapter: 'express',
    settings: {
      ...partnero.hello,
      folder: mkdtempSync(join(folder, 'app-')),
      delivers: true,
      synchronous: side === "synchronous: 'full'" ? 'full' : 'normal',
    },
  };
}

async function visit(side: Side, partnero: Partnero, disk: NodeJS.ProcessEnv) {
  const server = await Child.start<{ url: string }>(
    join(import.meta.dirname, '../sign-up/server.js'),
    taskOf(side, partnero),
    disk,
  );
  const loop = { url: `${server.hello.url}/signup`, ratePerSecond, patienceMs: 10_000 };
  await openLoop({ ...loop, seconds: 2 });
  const { latencies, failed } = await openLoop({ ...loop, seconds });
  await server.end();
  return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), failed };
}

async function on(name: string, partnero: Partnero, disk: NodeJS.ProcessEnv): Promise<object> {
  const found = SIDES.map((side) => ({
    side,
    p50: [] as number[],
    p99: [] as number[],
    failed: 0,
  }));
  for (let round = 1; round <= rounds; round += 1) {
    process.stderr.write(`${name}, round ${round} of ${rounds}\n`);
    for (const each of found) {
      const { p50, p99, failed } = await visit(each.side, partnero, disk);
      each.p50.push(p50);
      each.p99.push(p99);
      each.failed += failed;
    }
  }
  const plain = median(found[0]!.p99);
  console.log(`${name}: ${ratePerSecond} sign-ups a second, relay delivering`);
  printTable(
    ['', 'p50 ms', 'p99 ms', 'spread', 'p99 − plain', 'unanswered'],
    found.map(({ side, p50, p99, failed }) => [
      side,
      figure(median(p50), 2),
      figure(median(p99), 1),
      spread(p99),
      figure(median(p99) - plain, 1),
      String(failed),
    ]),
  );
  return found;
}

try {
  console.log(`Node ${process.version}, ${rounds} rounds of ${seconds} s each\n`);
  const partnero: Partnero = await Child.start(join(import.meta.dirname, '../fake-server.js'));
  const results: Record<string, object> = { disk: await on('This disk', partnero, {}) };
  const slow = slowDisk(folder, slowMs);
  if (slow) results['slow'] = await on(`This disk, ${slowMs} ms more a sync`, partnero, slow);
  else console.log('NOT MEASURED: a slow disk is made with a C compiler (cc), and there is none.');
  await partnero.end();
  if (values.json) console.log(JSON.stringify(results));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
