// npm run test:durability [-- --kills 200]
// Kills apps in every step of a job, alone and among living ones, and counts what that costs.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FakePartnero } from 'nestjs-partnero/testing';
import { AppProcess, endAppProcesses } from '../support/app-process.js';
import { KillRun, STEPS, type Finding, type Step } from './kill-run.js';

const { values } = parseArgs({ options: { kills: { type: 'string', default: '200' } } });
const wanted = Number(values.kills);
const BATCH = STEPS.length;
const NEIGHBOURS = 3;

const kills = new Map<Step, number>(STEPS.map((step) => [step, 0]));
let missed = 0;
const total = { answered: 0, accepted: 0, lost: 0, doubled: 0, repeated: 0, unaccounted: 0 };

const counted = () => [...kills.values()].reduce((sum, n) => sum + n, 0);

/** One kill in each step, on one outbox file, with or without other processes on it. */
async function batch(number: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-partnero-kills-'));
  const fake = await FakePartnero.start({ partners: ['ann'] });
  const synchronous = number % 4 === 3 ? 'full' : 'normal';
  const run = new KillRun(folder, fake, { synchronous });
  try {
    const neighbours = number % 2 === 0 ? [] : await startNeighbours(run);
    for (const step of STEPS.slice(0, Math.min(BATCH, wanted - counted()))) {
      if (await run.kill(step)) kills.set(step, kills.get(step)! + 1);
      else missed += 1;
    }
    await Promise.all(neighbours.map(({ app }) => app.end('SIGTERM')));
    await Promise.all(neighbours.map(({ loading }) => loading));
    add(await run.check());
  } finally {
    await endAppProcesses();
    await fake.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** They sign visitors up and deliver, and take over from those that die. */
async function startNeighbours(run: KillRun) {
  const apps = await Promise.all(
    Array.from({ length: NEIGHBOURS }, () => AppProcess.start(run.options())),
  );
  return apps.map((app) => ({ app, loading: run.load(app, { visitors: 2, pauseMs: 20 }) }));
}

function add(found: Finding): void {
  total.answered += found.answered;
  total.accepted += found.accepted;
  total.lost += found.lost.length;
  total.doubled += found.doubled.length;
  total.repeated += found.repeated;
  total.unaccounted += found.unaccounted;
}

for (let i = 0; counted() < wanted && missed <= wanted; i += 1) {
  await batch(i);
  console.error(`${counted()} of ${wanted} kills, ${missed} missed their step`);
}

const rows: [string, number | string][] = [
  ...[...kills].map(([step, n]): [string, number] => [step, n]),
  ['kills in all', counted()],
  ['', ''],
  ['sign-ups answered', total.answered],
  ['accepted', total.accepted],
  ['lost', total.lost],
  ['doubled in effect', total.doubled],
  ['accepted without a known fate', total.unaccounted],
  ['requests that Partnero had carried out already', total.repeated],
  ['  per 1,000 kills', ((1_000 * total.repeated) / counted()).toFixed(0)],
];
for (const [name, value] of rows) console.log(name.padEnd(50), String(value).padStart(8));

const good = total.lost + total.doubled + total.unaccounted === 0 && counted() >= wanted;
process.exitCode = good ? 0 : 1;
