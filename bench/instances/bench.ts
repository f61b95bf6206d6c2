// npm run bench:instances [-- --rounds 3] [--seconds 4] [--depths 1000,100000] [--engines sqlite,postgres]
//   [--json]
// The rates of each engine with one process, two and four, in turn, and with a backlog. On REDIS_URL and
// DATABASE_URL, or on servers of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hasPostgres, PostgresServer } from '../../test/support/postgres-server.js';
import { hasRedis, RedisServer } from '../../test/support/redis-server.js';
import { removeTemporaryFolders } from '../../test/support/temporary-folder.js';
import { Child } from '../child.js';
import { median, printTable, quantile, spread } from '../statistics.js';
import { ENGINES, type Engine, type Place } from './engines.js';
import { usedBytes } from './store-size.js';
import type { InstanceHello, InstanceReport, InstanceTask } from './instance.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    depths: { type: 'string', default: '1000,100000' },
    engines: { type: 'string', default: ENGINES.join() },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const depths = values.depths.split(',').filter(Boolean).map(Number);
const engines = new Set(values.engines.split(','));
const PROCESSES = [1, 2, 4];
const ONE_BY_ONE = 500;
const AT_ONCE = 50;
/** Jobs by which the size of a job is measured. */
const WEIGHED = 20_000;
/** At least as many as are delivered in a second. */
const BACKLOG: Record<Engine, number> = { sqlite: 40_000, bullmq: 5_000, postgres: 10_000 };

const folder = mkdtempSync(join(tmpdir(), 'nestjs-partnero-instances-'));
const progress = (line: string) => process.stderr.write(`${line}\n`);

class Instances {
  private constructor(private readonly all: readonly Child<InstanceHello>[]) {}

  static async start(place: Place, processes: number): Promise<Instances> {
    const all: Child<InstanceHello>[] = [];
    for (let i = 0; i < processes; i += 1) {
      all.push(await Child.start(join(import.meta.dirname, 'instance.js'), place));
    }
    return new Instances(all);
  }

  get bootMs(): number {
    return this.all.at(-1)!.hello.bootMs;
  }

  /** Asks all of them at the same time. */
  async ask(task: InstanceTask) {
    const reports = await Promise.all(this.all.map((each) => each.ask<InstanceReport>(task)));
    return {
      latencies: reports.flatMap(({ latencies }) => latencies),
      perSecond: reports.reduce((sum, { perSecond }) => sum + perSecond, 0),
      pending: reports[0]!.pending,
      statsMs: reports[0]!.statsMs,
    };
  }

  async fill(count: number): Promise<void> {
    const each = Math.ceil(count / this.all.length);
    await this.ask({ do: 'fill', count: each, atOnce: 200 });
  }

  /** Ends them as apps that shut down. */
  async close(): Promise<void> {
    await this.ask({ do: 'close' });
    await this.end();
  }

  async end(): Promise<void> {
    for (const each of this.all) await each.end();
  }
}

/** Where each engine's server is. */
async function startServers(): Promise<Partial<Record<Engine, string>>> {
  const { REDIS_URL, DATABASE_URL } = process.env;
  // Redis's default, once appendonly is on.
  const everySecond = ['--appendfsync', 'everysec'];
  return {
    sqlite: folder,
    ...((REDIS_URL ?? hasRedis) && {
      bullmq: REDIS_URL ?? (await startRedis(everySecond)),
    }),
    ...((DATABASE_URL ?? hasPostgres) && {
      postgres: DATABASE_URL ?? (await startPostgres()),
    }),
  };
}

const ends: (() => Promise<void>)[] = [];

async function startRedis(settings: string[]): Promise<string> {
  const server = await RedisServer.start(...settings);
  ends.push(() => server.end());
  return server.url;
}

async function startPostgres(): Promise<string> {
  const server = await PostgresServer.start();
  ends.push(() => server.end());
  return server.url;
}

let places = 0;
const newPlace = (engine: Engine, at: string): Place => {
  places += 1;
  return { engine, at, name: `bench_${process.pid}_${places}` };
};

async function measure(place: Place, processes: number) {
  const instances = await Instances.start(place, processes);
  const { latencies } = await instances.ask({ do: 'enqueue one by one', count: ONE_BY_ONE });
  const enqueued = await instances.ask({ do: 'enqueue', seconds, atOnce: AT_ONCE });
  const { pending } = await instances.ask({ do: 'stats' });
  await instances.fill(Math.max(0, BACKLOG[place.engine] * seconds - pending));
  const delivered = await instances.ask({ do: 'deliver', seconds, concurrency: AT_ONCE });
  await instances.end();
  return {
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    enqueued: enqueued.perSecond,
    delivered: delivered.perSecond,
  };
}

async function processesOf(servers: readonly (readonly [Engine, string])[]): Promise<object> {
  const found = servers.flatMap(([engine, at]) =>
    PROCESSES.map((processes) => ({
      engine,
      at,
      processes,
      p50: [] as number[],
      p99: [] as number[],
      enqueued: [] as number[],
      delivered: [] as number[],
    })),
  );
  for (let round = 1; round <= rounds; round += 1) {
    for (const each of found) {
      progress(`round ${round} of ${rounds}: ${each.engine}, ${each.processes} processes`);
      const { p50, p99, enqueued, delivered } = await measure(
        newPlace(each.engine, each.at),
        each.processes,
      );
      each.p50.push(p50);
      each.p99.push(p99);
      each.enqueued.push(enqueued);
      each.delivered.push(delivered);
    }
  }
  console.log(`Enqueueing one by one, ${AT_ONCE} at once in each process, and delivering`);
  printTable(
    [
      'processes',
      'enqueue p50 ms',
      'p99 ms',
      'enqueued a second',
      'spread',
      'delivered a second',
      'spread',
    ],
    found.map(({ engine, processes, p50, p99, enqueued, delivered }) => [
      `${engine}, ${processes}`,
      median(p50).toFixed(2),
      median(p99).toFixed(2),
      median(enqueued).toFixed(0),
      spread(enqueued),
      median(delivered).toFixed(0),
      spread(delivered),
    ]),
  );
  return found;
}

async function depthsOf(servers: readonly (readonly [Engine, string])[]): Promise<object> {
  const found: object[] = [];
  const rows: string[][] = [];
  for (const [engine, at] of servers) {
    const place = newPlace(engine, at);
    let before = 0;
    for (const depth of depths) {
      progress(`${engine}, ${depth} pending`);
      const filling = await Instances.start(place, 2);
      await filling.fill(depth - before);
      await filling.end();
      const one = await Instances.start(place, 1);
      const { pending, statsMs } = await one.ask({ do: 'stats' });
      const { latencies } = await one.ask({ do: 'enqueue one by one', count: ONE_BY_ONE });
      const { perSecond: enqueued } = await one.ask({ do: 'enqueue', seconds, atOnce: AT_ONCE });
      const { perSecond: delivered } = await one.ask({
        do: 'deliver',
        seconds,
        concurrency: AT_ONCE,
      });
      const rest = await one.ask({ do: 'stats' });
      await one.end();
      before = rest.pending;
      const p50 = quantile(latencies, 0.5);
      const p99 = quantile(latencies, 0.99);
      const { bootMs } = one;
      found.push({ engine, pending, bootMs, statsMs, p50, p99, enqueued, delivered });
      rows.push([
        `${engine}, ${pending}`,
        bootMs.toFixed(0),
        statsMs.toFixed(1),
        p50.toFixed(2),
        p99.toFixed(2),
        enqueued.toFixed(0),
        delivered.toFixed(0),
      ]);
    }
  }
  console.log('One process, by the number of pending jobs');
  printTable(
    [
      'pending',
      'boot ms',
      'stats() ms',
      'enqueue p50 ms',
      'p99 ms',
      'enqueued a second',
      'delivered a second',
    ],
    rows,
  );
  return found;
}

/** The size of a job while it is pending, and of its entry in the history. */
async function bytesOf(servers: readonly (readonly [Engine, string])[]): Promise<object> {
  const found: object[] = [];
  const rows: string[][] = [];
  for (const [engine, at] of servers) {
    progress(`${engine}, bytes`);
    const place = newPlace(engine, at);
    // Measured while no process uses the store.
    const sizeAfter = async (work: (one: Instances) => Promise<unknown>) => {
      const one = await Instances.start(place, 1);
      await work(one);
      await one.close();
      return usedBytes(place);
    };
    const empty = await sizeAfter(() => Promise.resolve());
    const full = await sizeAfter((one) => one.fill(WEIGHED));
    const completed = await sizeAfter((one) =>
      one.ask({ do: 'deliver', seconds: 600, concurrency: AT_ONCE }),
    );
    const pendingBytes = (full - empty) / WEIGHED;
    const historyBytes = (completed - empty) / WEIGHED;
    found.push({ engine, pendingBytes, historyBytes });
    rows.push([engine, pendingBytes.toFixed(0), historyBytes.toFixed(0)]);
  }
  console.log(`Bytes a job, of ${WEIGHED}`);
  printTable(['', 'pending', 'in the history'], rows);
  return found;
}

try {
  console.log(
    `Node ${process.version}, ${availableParallelism()} cores, ${rounds} rounds of ${seconds} s\n`,
  );
  const servers = await startServers();
  const there = ENGINES.filter((engine) => engines.has(engine)).flatMap((engine) => {
    const at = servers[engine];
    if (at === undefined) console.log(`NOT MEASURED: ${engine}, whose server is not installed.\n`);
    return at === undefined ? [] : [[engine, at] as const];
  });
  const results = {
    bytes: await bytesOf(there),
    processes: await processesOf(there),
    depths: await depthsOf(there),
  };
  if (values.json) console.log(JSON.stringify(results));
} finally {
  for (const end of ends) await end();
  rmSync(folder, { recursive: true, force: true });
  removeTemporaryFolders();
}
