// npm run test:durability [-- --kills 200] [--of sign-ups|sales]
// Kills apps in every step of a job, alone and among living ones, and counts what that costs.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FakePartnero } from 'nestjs-partnero/testing';
import { AppProcess, endAppProcesses, type AppProcessOptions } from '../support/app-process.js';
import { KillRun, STEPS } from './kill-run.js';
import { SALE_STEPS, SaleKillRun } from './sale-kill-run.js';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '200' }, of: { type: 'string' } },
});
const wanted = Number(values.kills);
const NEIGHBOURS = 3;

/** What both kinds of run do. */
interface Run {
  options(): AppProcessOptions;
  load(app: AppProcess, load: { visitors?: number; pauseMs?: number }): Promise<void>;
  kill(step: string): Promise<boolean>;
  /** Numbers by name; those of `BAD` must be 0. */
  check(): Promise<Record<string, number>>;
}

interface Campaign {
  readonly name: string;
  readonly steps: readonly string[];
  make(folder: string, fake: FakePartnero, number: number): Run;
}

const BAD = ['lost', 'doubled', 'unrefunded', 'without a known fate'];

const signUps: Campaign = {
  name: 'sign-ups',
  steps: STEPS,
  make(folder, fake, number) {
    const synchronous = number % 4 === 3 ? 'full' : 'normal';
    const run = new KillRun(folder, fake, { synchronous });
    return {
      options: () => run.options(),
      load: (app, load) => run.load(app, load),
      kill: (step) => run.kill(step as (typeof STEPS)[number]),
      async check() {
        const found = await run.check();
        for (const id of found.lost) console.error(`lost: ${id}, in batch ${number}`);
        return {
          'sign-ups answered': found.answered,
          accepted: found.accepted,
          lost: found.lost.length,
          doubled: found.doubled.length,
          'without a known fate': found.unaccounted,
          'requests that Partnero had carried out already': found.repeated,
        };
      },
    };
  },
};

const sales: Campaign = {
  name: 'sales',
  steps: SALE_STEPS,
  make(folder, fake) {
    const run = new SaleKillRun(folder, fake);
    return {
      options: () => run.options(),
      // Each takes several requests to Partnero, and all must be there in the end.
      load: (app, load) => run.load(app, { ...load, pauseMs: 100 }),
      kill: (step) => run.kill(step as (typeof SALE_STEPS)[number]),
      async check() {
        const found = await run.check();
        return {
          'sales taken, and not refunded': found.told,
          'transactions at Partnero': found.recorded,
          lost: found.lost.length,
          doubled: found.doubled.length,
          unrefunded: found.unrefunded.length,
          'without a known fate': found.unaccounted,
        };
      },
    };
  },
};

/**
 * One kill in each step, and another where earlier ones missed. All are on one outbox file, with or
 * without other processes on it.
 */
async function batch(
  { steps, make }: Campaign,
  number: number,
  kills: Map<string, number>,
): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-partnero-kills-'));
  const fake = await FakePartnero.start({ partners: ['ann'] });
  const run = make(folder, fake, number);
  try {
    const neighbours = number % 2 === 0 ? [] : await startNeighbours(run);
    for (const step of steps.flatMap((each) => [each, each])) {
      const before = kills.get(step) ?? 0;
      if (before > number || sum(kills) >= wanted) continue;
      if (await run.kill(step)) kills.set(step, before + 1);
    }
    await Promise.all(neighbours.map(({ app }) => app.end('SIGTERM')));
    await Promise.all(neighbours.map(({ loading }) => loading));
    return await run.check();
  } finally {
    await endAppProcesses();
    await fake.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** They sign visitors up and deliver, and take over from those that die. */
async function startNeighbours(run: Run) {
  const apps = await Promise.all(
    Array.from({ length: NEIGHBOURS }, () => AppProcess.start(run.options())),
  );
  return apps.map((app) => ({ app, loading: run.load(app, { visitors: 2, pauseMs: 20 }) }));
}

const sum = (kills: Map<string, number>) => [...kills.values()].reduce((all, n) => all + n, 0);

async function runCampaign(campaign: Campaign): Promise<boolean> {
  const kills = new Map<string, number>(campaign.steps.map((step) => [step, 0]));
  const total: Record<string, number> = {};
  for (let i = 0; sum(kills) < wanted && i * campaign.steps.length <= 2 * wanted; i += 1) {
    const found = await batch(campaign, i, kills);
    for (const [name, n] of Object.entries(found)) total[name] = (total[name] ?? 0) + n;
    console.error(`${campaign.name}: ${sum(kills)} of ${wanted} kills`);
  }
  const repeated = total['requests that Partnero had carried out already'];
  const rows: [string, number | string][] = [
    [campaign.name, ''],
    ...kills,
    ['kills in all', sum(kills)],
    ['', ''],
    ...Object.entries(total),
    ...(repeated === undefined
      ? []
      : [['  per 1,000 kills', ((1_000 * repeated) / sum(kills)).toFixed(0)] as [string, string]]),
  ];
  for (const [name, value] of rows) console.log(name.padEnd(50), String(value).padStart(8));
  console.log('');
  return sum(kills) >= wanted && BAD.every((name) => (total[name] ?? 0) === 0);
}

let good = true;
for (const campaign of [signUps, sales]) {
  if (values.of === undefined || values.of === campaign.name) {
    good = (await runCampaign(campaign)) && good;
  }
}
process.exitCode = good ? 0 : 1;
