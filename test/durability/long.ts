// npm run test:long [-- --kills 200] [--of sign-ups|sales] [--engine sqlite|postgres|bullmq], or, of an app
// that is built, npm run test:kills.
// Kills apps in every step of a job, alone and among others, and counts what that costs. PostgreSQL and
// Redis are those at DATABASE_URL and REDIS_URL, or the run's own. SIGTERM ends it after the batch.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FakePartnero } from 'nestjs-partnero/testing';
import {
  AppProcess,
  endAppProcesses,
  type AppProcessOptions,
  type SharedStore,
} from '../support/app-process.js';
import { onPostgres, onRedis, type Place } from '../support/stores.js';
import { KillRun, STEPS, type Step } from './kill-run.js';
import { SALE_STEPS, SaleKillRun, type SaleStep } from './sale-kill-run.js';
import { stepsOf, type EngineName } from './steps.js';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    of: { type: 'string' },
    engine: { type: 'string', default: 'sqlite' },
  },
});
const wanted = Number(values.kills);
const ended = new AbortController();
process.once('SIGTERM', () => ended.abort());

interface Engine {
  readonly name: EngineName;
  /** Processes that live beside the one that is killed, in every second batch. */
  readonly neighbours: number;
  place?(): Promise<Place>;
}

const ENGINES: readonly Engine[] = [
  { name: 'sqlite', neighbours: 2 },
  { name: 'postgres', neighbours: 1, place: onPostgres },
  { name: 'bullmq', neighbours: 1, place: onRedis },
];

/** What both kinds of run do. */
interface Run {
  options(): AppProcessOptions;
  load(app: AppProcess, load: { visitors?: number; pauseMs?: number }): Promise<void>;
  kill(step: string): Promise<boolean>;
  /** Numbers by name; those of `WRONG` must be 0. */
  check(): Promise<Record<string, number>>;
}

interface Campaign {
  readonly name: string;
  readonly steps: readonly string[];
  make(folder: string, fake: FakePartnero, number: number, store: SharedStore | undefined): Run;
}

const WRONG = ['lost', 'doubled', 'discarded and sent', 'ended twice', 'unrefunded', 'unaccounted'];
const REPEATED = 'requests that Partnero had carried out already';

const signUps: Campaign = {
  name: 'sign-ups',
  steps: STEPS,
  make(folder, fake, number, store) {
    const synchronous = number % 4 === 3 ? 'full' : 'normal';
    const run = new KillRun(folder, fake, { synchronous, store });
    return {
      options: () => run.options(),
      load: (app, load) => run.load(app, load),
      kill: (step) => run.kill(step as Step),
      async check() {
        const found = await run.check();
        if (found.lost.length > 0) {
          console.error(`Lost in batch ${number}: ${found.lost.join(', ')}`);
          console.error(`Of these, the app could not queue: ${found.notQueued.join(', ')}`);
        }
        return {
          'sign-ups with a response below 400': found.signedUp,
          queued: found.queued,
          lost: found.lost.length,
          '  noticed, since they could not be queued': found.notQueued.length,
          doubled: found.doubled.length,
          'discarded and sent': found.discardedSent.length,
          'ended twice': found.endedTwice.length,
          unaccounted: found.unaccounted,
          [REPEATED]: found.repeated,
          'sign-ups with a response of 400': found.refused,
          '  sent, killed before they were discarded': found.refusedSent,
        };
      },
    };
  },
};

const sales: Campaign = {
  name: 'sales',
  steps: SALE_STEPS,
  make(folder, fake, _, store) {
    const run = new SaleKillRun(folder, fake, { store });
    return {
      options: () => run.options(),
      // Each takes several requests to Partnero, and all must be there in the end.
      load: (app, load) => run.load(app, { ...load, pauseMs: 100 }),
      kill: (step) => run.kill(step as SaleStep),
      async check() {
        const found = await run.check();
        return {
          'sales taken, and not refunded': found.taken,
          'transactions at Partnero': found.recorded,
          lost: found.lost.length,
          doubled: found.doubled.length,
          unrefunded: found.unrefunded.length,
          unaccounted: found.unaccounted,
        };
      },
    };
  },
};

/** Runs a campaign on one engine. */
class CampaignRun {
  private readonly steps: readonly string[];
  private readonly kills: Map<string, number>;
  private readonly total: Record<string, number> = {};

  constructor(
    private readonly campaign: Campaign,
    private readonly engine: Engine,
    private readonly place: Place | undefined,
  ) {
    this.steps = stepsOf(campaign.steps, engine.name);
    this.kills = new Map(this.steps.map((step) => [step, 0]));
  }

  /** True if all kills hit, and nothing went wrong. */
  async run(): Promise<boolean> {
    const { name } = this.campaign;
    const batches = 1 + (2 * wanted) / this.steps.length;
    for (let i = 0; this.killed < wanted && i < batches && !ended.signal.aborted; i += 1) {
      const found = await this.batch(i);
      for (const [what, n] of Object.entries(found)) this.total[what] = (this.total[what] ?? 0) + n;
      console.error(`${name} on ${this.engine.name}: ${this.killed} of ${wanted} kills`);
    }
    this.print();
    return this.killed >= wanted && WRONG.every((what) => (this.total[what] ?? 0) === 0);
  }

  private get killed(): number {
    return [...this.kills.values()].reduce((sum, n) => sum + n, 0);
  }

  /**
   * One kill in each step, and another where earlier ones missed. All are on one outbox, with or
   * without other processes on it.
   */
  private async batch(number: number): Promise<Record<string, number>> {
    const folder = mkdtempSync(join(tmpdir(), 'nestjs-partnero-kills-'));
    const fake = await FakePartnero.start({ partners: ['ann'] });
    const run = this.campaign.make(folder, fake, number, this.newStore());
    try {
      const neighbours = number % 2 === 0 ? [] : await this.startNeighbours(run);
      for (const step of this.steps.flatMap((each) => [each, each])) {
        const before = this.kills.get(step) ?? 0;
        if (before > number || this.killed >= wanted) continue;
        if (await run.kill(step)) this.kills.set(step, before + 1);
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

  private newStore(): SharedStore | undefined {
    const { place } = this;
    const { name } = this.engine;
    return place && name !== 'sqlite'
      ? { engine: name, url: place.url, name: place.newName() }
      : undefined;
  }

  /** They sign visitors up and deliver, and take over from those that are killed. */
  private async startNeighbours(run: Run) {
    const apps = await Promise.all(
      Array.from({ length: this.engine.neighbours }, () => AppProcess.start(run.options())),
    );
    return apps.map((app) => ({ app, loading: run.load(app, { visitors: 2, pauseMs: 20 }) }));
  }

  private print(): void {
    const repeated = this.total[REPEATED];
    const perKill = repeated === undefined ? 0 : (1_000 * repeated) / this.killed;
    const rows: [string, number | string][] = [
      [`${this.campaign.name} on ${this.engine.name}`, ''],
      ...this.kills,
      ['kills in all', this.killed],
      ['', ''],
      ...Object.entries(this.total),
      ...(repeated === undefined ? [] : [['  per 1,000 kills', perKill.toFixed(0)] as const]),
    ].map(([name, value]) => [String(name), value ?? '']);
    for (const [name, value] of rows) console.log(name.padEnd(50), String(value).padStart(8));
    console.log('');
  }
}

const engine = ENGINES.find(({ name }) => name === values.engine);
if (!engine) throw new Error(`There is no engine ${values.engine}.`);
const place = await engine.place?.();
let isGood = true;
for (const campaign of [signUps, sales]) {
  if (values.of !== undefined && values.of !== campaign.name) continue;
  isGood = (await new CampaignRun(campaign, engine, place).run()) && isGood;
}
await place?.leave();
process.exitCode = isGood ? 0 : 1;
