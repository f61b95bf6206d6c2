// npm run bench:sign-up [-- --adapter fastify] [--rounds 5] [--seconds 4] [--saturation-only] [--json]
// What attribution costs a sign-up: all variants in one run on one machine, in turn, several rounds.
// Prints the tables of docs/benchmarks.md, as Markdown.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import type { FakeFault } from 'nestjs-partnero/testing';
import { Child } from '../child.js';
import { openLoop } from '../open-loop.js';
import { conditions, figure, median, printTable, quantile, spread } from '../statistics.js';
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

/** A row of the tables. */
interface Case {
  readonly name: string;
  readonly variant: Variant;
  /** False: jobs are saved, and nothing is sent. */
  readonly delivers: boolean;
}

/** Ours delivers, as those that call the API do. */
const DELIVERING: readonly Case[] = VARIANTS.map((variant) => {
  const name = variant === 'nestjs-partnero' ? 'nestjs-partnero, delivering' : variant;
  return { name, variant, delivers: true };
});
const ACCEPT_ONLY: Case = {
  name: 'nestjs-partnero, accept-only',
  variant: 'nestjs-partnero',
  delivers: false,
};
const ALL_CASES = DELIVERING.flatMap((each) =>
  each.variant === ACCEPT_ONLY.variant ? [ACCEPT_ONLY, each] : [each],
);

const folder = mkdtempSync(join(tmpdir(), 'nestjs-partnero-bench-'));
const script = (name: string) => join(import.meta.dirname, name);
const ordinal = (round: number) => `round ${round} of ${rounds}`;
const progress = (line: string) => process.stderr.write(`${line}\n`);

/** What was measured of each case, by its name. */
class Samples {
  private readonly values = new Map<string, number[]>();

  add({ name }: Case, value: number): void {
    this.values.set(name, [...this.of(name), value]);
  }

  of(name: string): readonly number[] {
    return this.values.get(name) ?? [];
  }

  median(name: string): number {
    return median(this.of(name));
  }

  toJSON(): object {
    return Object.fromEntries(this.values);
  }
}

type Partnero = Child<{ baseUrl: string; apiKey: string }>;

async function start({ variant, delivers }: Case, partnero: Partnero): Promise<Server> {
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
  const rates = new Samples();
  for (let round = 1; round <= rounds; round += 1) {
    progress(`saturation, ${ordinal(round)}`);
    for (const each of ALL_CASES) {
      const server = await start(each, partnero);
      await saturate(server.hello.url, 2);
      rates.add(each, await saturate(server.hello.url, seconds));
      await server.end();
    }
  }
  const rows = ALL_CASES.map(({ name }) => {
    const rate = rates.median(name);
    return [
      name,
      rate.toFixed(0),
      spread(rates.of(name)),
      (rate / rates.median('plain')).toFixed(2),
      (rate / rates.median('no-op interceptor')).toFixed(2),
    ];
  });
  console.log(`### Requests a second at saturation, ${values.connections} connections\n`);
  printTable(['', 'median', 'spread', 'of plain', 'of no-op'], rows);
  return rates;
}

interface Condition {
  readonly name: string;
  readonly fault: FakeFault | 'heal';
}

const CONDITIONS: readonly Condition[] = [
  { name: 'Partnero responds at once', fault: 'heal' },
  { name: 'Partnero responds after 100 ms', fault: { type: 'slow', ms: 100 } },
  { name: 'Partnero never responds', fault: { type: 'hang' } },
];

/** How long visitors wait who come at a moderate rate, and what a sign-up costs in CPU time. */
async function fixedRate(partnero: Partnero, { name, fault }: Condition): Promise<object> {
  await partnero.ask(fault);
  const [p50, p99, cpu, failed] = [new Samples(), new Samples(), new Samples(), new Samples()];
  const loop = { ratePerSecond, patienceMs: PATIENCE_MS };
  for (let round = 1; round <= rounds; round += 1) {
    progress(`${name}, ${ordinal(round)}`);
    for (const each of DELIVERING) {
      const server = await start(each, partnero);
      const url = `${server.hello.url}/signup`;
      await openLoop({ ...loop, url, seconds: 2 });
      const before = await server.ask<NodeJS.CpuUsage>('cpu');
      const result = await openLoop({ ...loop, url, seconds });
      const after = await server.ask<NodeJS.CpuUsage>('cpu');
      const used = after.user - before.user + after.system - before.system;
      p50.add(each, quantile(result.latencies, 0.5));
      p99.add(each, quantile(result.latencies, 0.99));
      cpu.add(each, used / (ratePerSecond * seconds));
      failed.add(each, result.failed);
      await server.end();
    }
  }
  const rows = DELIVERING.map(({ name: row }) => [
    row,
    figure(p50.median(row), 2),
    figure(p99.median(row), 1),
    spread(p99.of(row)),
    figure(p99.median(row) - p99.median('plain'), 1),
    figure(cpu.median(row), 0),
    String(failed.of(row).reduce((sum, n) => sum + n, 0)),
  ]);
  console.log(`### ${name}, ${ratePerSecond} sign-ups a second\n`);
  const unanswered = `unanswered in ${PATIENCE_MS / 1_000} s`;
  printTable(['', 'p50 ms', 'p99 ms', 'spread', 'p99 − plain', 'CPU µs each', unanswered], rows);
  return { p50, p99, cpu, failed };
}

try {
  console.log(`${conditions()}, ${values.adapter}, ${rounds} rounds of ${seconds} s each.\n`);
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
