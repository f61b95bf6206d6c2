// npm run bench:fleet [-- --rounds 3] [--seconds 4] [--depths 1000,100000] [--json]
// What the engines bear, with one process, two and four, in turn; and what a backlog changes in it.
// On REDIS_URL and DATABASE_URL, or on servers of its own.
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
import type { MemberHello, MemberReport, MemberTask } from './member.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    depths: { type: 'string', default: '1000,100000' },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const depths = values.depths.split(',').filter(Boolean).map(Number);
const PROCESSES = [1, 2, 4];
const ONE_BY_ONE = 500;
const AT_ONCE = 50;
const WEIGHED = 20_000;
/** About as many as are worked off in a second. */
const BACKLOG: Record<Engine, number> = { embedded: 15_000, BullMQ: 4_000, 'pg-boss': 3_000 };

const folder = mkdtempSync(join(tmpdir(), 'nestjs-partnero-fleet-'));
const progress = (line: string) => process.stderr.write(`${line}\n`);

class Fleet {
  private constructor(private readonly members: readonly Child<MemberHello>[]) {}

  static async start(place: Place, processes: number): Promise<Fleet> {
    const members: Child<MemberHello>[] = [];
    for (let i = 0; i < processes; i += 1) {
      members.push(await Child.start(join(import.meta.dirname, 'member.js'), place));
    }
    return new Fleet(members);
  }

  get bootMs(): number {
    return this.members.at(-1)!.hello.bootMs;
  }

  /** All of them at the same time. */
  async ask(task: MemberTask) {
    const reports = await Promise.all(this.members.map((each) => each.ask<MemberReport>(task)));
    return {
      latencies: reports.flatMap(({ latencies }) => latencies),
      perSecond: reports.reduce((sum, { perSecond }) => sum + perSecond, 0),
      pending: reports[0]!.pending,
      statsMs: reports[0]!.statsMs,
    };
  }

  async fill(count: number): Promise<void> {
    const each = Math.ceil(count / this.members.length);
    await this.ask({ do: 'fill', count: each, atOnce: 200 });
  }

  /** As an app that shuts down. */
  async leave(): Promise<void> {
    await this.ask({ do: 'close' });
    await this.end();
  }

  async end(): Promise<void> {
    for (const member of this.members) await member.end();
  }
}

/** Where each engine finds its server. */
async function startServers(): Promise<Partial<Record<Engine, string>>> {
  const { REDIS_URL, DATABASE_URL } = process.env;
  // As Redis is by default, once appendonly is on.
  const everySecond = ['--appendfsync', 'everysec'];
  return {
    embedded: folder,
    ...((REDIS_URL ?? hasRedis) && {
      BullMQ: REDIS_URL ?? (await startRedis(everySecond)),
    }),
    ...((DATABASE_URL ?? hasPostgres) && {
      'pg-boss': DATABASE_URL ?? (await startPostgres()),
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
  const fleet = await Fleet.start(place, processes);
  const { latencies } = await fleet.ask({ do: 'accept one by one', count: ONE_BY_ONE });
  const accept = await fleet.ask({ do: 'accept', seconds, atOnce: AT_ONCE });
  const { pending } = await fleet.ask({ do: 'stats' });
  await fleet.fill(Math.max(0, BACKLOG[place.engine] * seconds - pending));
  const drained = await fleet.ask({ do: 'drain', seconds, concurrency: AT_ONCE });
  await fleet.end();
  return {
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    accepted: accept.perSecond,
    settled: drained.perSecond,
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
      accepted: [] as number[],
      settled: [] as number[],
    })),
  );
  for (let round = 1; round <= rounds; round += 1) {
    for (const each of found) {
      progress(`round ${round} of ${rounds}: ${each.engine}, ${each.processes} processes`);
      const { p50, p99, accepted, settled } = await measure(
        newPlace(each.engine, each.at),
        each.processes,
      );
      each.p50.push(p50);
      each.p99.push(p99);
      each.accepted.push(accepted);
      each.settled.push(settled);
    }
  }
  console.log(`Accepting one by one, ${AT_ONCE} at once in each process, and working off`);
  printTable(
    [
      'processes',
      'accept p50 ms',
      'p99 ms',
      'accepted a second',
      'spread',
      'settled a second',
      'spread',
    ],
    found.map(({ engine, processes, p50, p99, accepted, settled }) => [
      `${engine}, ${processes}`,
      median(p50).toFixed(2),
      median(p99).toFixed(2),
      median(accepted).toFixed(0),
      spread(accepted),
      median(settled).toFixed(0),
      spread(settled),
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
      const filling = await Fleet.start(place, 2);
      await filling.fill(depth - before);
      await filling.end();
      const fleet = await Fleet.start(place, 1);
      const { pending, statsMs } = await fleet.ask({ do: 'stats' });
      const { latencies } = await fleet.ask({ do: 'accept one by one', count: ONE_BY_ONE });
      const { perSecond: accepted } = await fleet.ask({ do: 'accept', seconds, atOnce: AT_ONCE });
      const { perSecond: settled } = await fleet.ask({
        do: 'drain',
        seconds,
        concurrency: AT_ONCE,
      });
      const rest = await fleet.ask({ do: 'stats' });
      await fleet.end();
      before = rest.pending;
      const p50 = quantile(latencies, 0.5);
      const p99 = quantile(latencies, 0.99);
      const bootMs = fleet.bootMs;
      found.push({ engine, pending, bootMs, statsMs, p50, p99, accepted, settled });
      rows.push([
        `${engine}, ${pending}`,
        bootMs.toFixed(0),
        statsMs.toFixed(1),
        p50.toFixed(2),
        p99.toFixed(2),
        accepted.toFixed(0),
        settled.toFixed(0),
      ]);
    }
  }
  console.log('With so many pending, one process');
  printTable(
    [
      'pending',
      'boot ms',
      'stats() ms',
      'accept p50 ms',
      'p99 ms',
      'accepted a second',
      'settled a second',
    ],
    rows,
  );
  return found;
}

/** What a job takes while it is pending, and what is kept of it afterwards. */
async function bytesOf(servers: readonly (readonly [Engine, string])[]): Promise<object> {
  const found: object[] = [];
  const rows: string[][] = [];
  for (const [engine, at] of servers) {
    progress(`${engine}, bytes`);
    const place = newPlace(engine, at);
    // Without a fleet on it, nothing is on its way to it.
    const sizeAfter = async (work: (fleet: Fleet) => Promise<unknown>) => {
      const fleet = await Fleet.start(place, 1);
      await work(fleet);
      await fleet.leave();
      return usedBytes(place);
    };
    const empty = await sizeAfter(() => Promise.resolve());
    const full = await sizeAfter((fleet) => fleet.fill(WEIGHED));
    const settled = await sizeAfter((fleet) =>
      fleet.ask({ do: 'drain', seconds: 600, concurrency: AT_ONCE }),
    );
    const pendingBytes = (full - empty) / WEIGHED;
    const settledBytes = (settled - empty) / WEIGHED;
    found.push({ engine, pendingBytes, settledBytes });
    rows.push([engine, pendingBytes.toFixed(0), settledBytes.toFixed(0)]);
  }
  console.log(`Bytes a job, of ${WEIGHED}`);
  printTable(['', 'pending', 'settled, in the ledger'], rows);
  return found;
}

try {
  console.log(
    `Node ${process.version}, ${availableParallelism()} cores, ${rounds} rounds of ${seconds} s\n`,
  );
  const servers = await startServers();
  const there = ENGINES.flatMap((engine) => {
    const at = servers[engine];
    if (at === undefined) console.log(`NOT MEASURED: ${engine}, whose server isn't here.\n`);
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
