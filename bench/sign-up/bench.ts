// npm run bench:sign-up [-- --adapter fastify] [--rounds 5] [--seconds 4] [--saturation-only] [--json]
// What attribution costs a sign-up: all variants in one run on one machine, in turn, several rounds.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import type { FakeFault } from 'nestjs-partnero/testing';
import { Child } from '../child.js';
import { openLoop } from '../open-loop.js';
import { figure, median, printTable, quantile, spread } from '../statistics.js';
import { VARIANTS, type Variant } from './variants.js';

const { values } = parseArgs({
  options: {
    adapter: { type: 'string', default: 'express' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    rate: { type: 'string', default: '300' },
    connections: { type: 'string', default: '50' },
    'saturation-only': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const ratePerSecond = Number(values.rate);
const PATIENCE_MS = 3_000;

type Server = Child<{ url: string }>;
type Samples = Record<Variant, number[]>;

const folder = mkdtempSync(join(tmpdir(), 'nestjs-partnero-bench-'));
const script = (name: string) => join(import.meta.dirname, name);
const samples = (): Samples =>
  Object.fromEntries(VARIANTS.map((variant) => [variant, []])) as unknown as Samples;
const progress = (line: string) => process.stderr.write(`${line}\n`);

type Partnero = Child<{ baseUrl: string; apiKey: string }>;

async function start(variant: Variant, partnero: Partnero, delivers: boolean): Promise<Server> {
  const settings = { ...partnero.hello, folder: mkdtempSync(join(folder, 'app-')), delivers };
  return Child.start(script('server.js'), { variant, adapter: values.adapter, settings });
}

async function saturate(url: string, duration: number): Promise<number> {
  const result = await autocannon({
    url: `${url}/signup`,
    method: 'POST',
    connections: Number(values.connections),
    duration,
    headers: { 'content-type': 'application/json', cookie: 'partnero_partner=ann' },
    body: JSON.stringify({ email: 'visitor@example.com' }),
  });
  if (result.non2xx + result.errors > 0) throw new Error(`${result.non2xx + result.errors} failed`);
  return result.requests.average;
}

/**
 * Requests a second, as many as go through. A new process each time: the same code runs up to a
 * third slower in some processes than in others, for as long as they live.
 */
async function saturation(partnero: Partnero): Promise<object> {
  const rates = samples();
  for (let round = 1; round <= rounds; round += 1) {
    progress(`saturation, round ${round} of ${rounds}`);
    for (const variant of VARIANTS) {
      const server = await start(variant, partnero, false);
      await saturate(server.hello.url, 2);
      rates[variant].push(await saturate(server.hello.url, seconds));
      await server.end();
    }
  }
  const plain = median(rates.plain);
  const noop = median(rates['no-op interceptor']);
  const rows = VARIANTS.map((variant) => {
    const rate = median(rates[variant]);
    return [
      variant,
      rate.toFixed(0),
      spread(rates[variant]),
      (rate / plain).toFixed(2),
      (rate / noop).toFixed(2),
    ];
  });
  console.log(`Requests a second at saturation, ${values.connections} connections, relay paused`);
  printTable(['', 'median', 'spread', 'of plain', 'of no-op'], rows);
  return rates;
}

interface Condition {
  readonly name: string;
  readonly fault: FakeFault | 'heal';
}

const CONDITIONS: readonly Condition[] = [
  { name: 'Partnero fast', fault: 'heal' },
  { name: 'Partnero 100 ms slow', fault: { type: 'slow', ms: 100 } },
  { name: 'Partnero hanging', fault: { type: 'hang' } },
];

/** How long visitors wait who come at a moderate rate, and what a sign-up costs in CPU time. */
async function fixedRate(partnero: Partnero, { name, fault }: Condition): Promise<object> {
  await partnero.ask(fault);
  const [p50, p99, cpu, failed] = [samples(), samples(), samples(), samples()];
  const loop = { ratePerSecond, patienceMs: PATIENCE_MS };
  for (let round = 1; round <= rounds; round += 1) {
    progress(`${name}, round ${round} of ${rounds}`);
    for (const variant of VARIANTS) {
      const server = await start(variant, partnero, true);
      await openLoop({ ...loop, url: `${server.hello.url}/signup`, seconds: 2 });
      const before = await server.ask<NodeJS.CpuUsage>('cpu');
      const result = await openLoop({ ...loop, url: `${server.hello.url}/signup`, seconds });
      const after = await server.ask<NodeJS.CpuUsage>('cpu');
      const used = after.user - before.user + after.system - before.system;
      p50[variant].push(quantile(result.latencies, 0.5));
      p99[variant].push(quantile(result.latencies, 0.99));
      cpu[variant].push(used / (ratePerSecond * seconds));
      failed[variant].push(result.failed);
      await server.end();
    }
  }
  const rows = VARIANTS.map((variant) => {
    const unanswered = failed[variant].reduce((sum, n) => sum + n, 0);
    return [
      variant,
      figure(median(p50[variant]), 2),
      figure(median(p99[variant]), 1),
      spread(p99[variant]),
      figure(median(p99[variant]) - median(p99.plain), 1),
      figure(median(cpu[variant]), 0),
      String(unanswered),
    ];
  });
  console.log(`${name}: ${ratePerSecond} sign-ups a second, relay delivering`);
  printTable(
    [
      '',
      'p50 ms',
      'p99 ms',
      'spread',
      'p99 − plain',
      'CPU µs each',
      `unanswered in ${PATIENCE_MS / 1_000} s`,
    ],
    rows,
  );
  return { p50, p99, cpu, failed };
}

try {
  console.log(
    `Node ${process.version}, ${values.adapter}, ${rounds} rounds of ${seconds} s each\n`,
  );
  const partnero: Partnero = await Child.start(join(import.meta.dirname, '../fake-server.js'));
  const results: Record<string, object> = { saturation: await saturation(partnero) };
  for (const condition of values['saturation-only'] ? [] : CONDITIONS) {
    results[condition.name] = await fixedRate(partnero, condition);
  }
  await partnero.end();
  if (values.json) console.log(JSON.stringify(results));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
