import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ProgramStats } from 'nestjs-partnero';
import type { FakePartnero } from 'nestjs-partnero/testing';
import { AppProcess, killingItself, type AppProcessOptions } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { inOtherProcess } from '../support/sqlite-shell.js';

/** Where an app is killed. The app names the moment itself, but for the last two. */
export const STEPS = [
  'make file: before tables',
  'make file: before commit',
  'upgrade file: before commit',
  'before accept',
  'accept: before commit',
  'accept: after commit',
  'held',
  'released',
  'claim: before commit',
  'claim: after commit',
  'claimed',
  'answered',
  'settle: before commit',
  'settle: after commit',
  'postpone: before commit',
  'take over: before commit',
  'take over: after commit',
  'checkpoint',
  'mid-request',
  'any moment',
] as const;
export type Step = (typeof STEPS)[number];

/** What a check found, of all that came before it. */
export interface Finding {
  /** Sign-ups answered below 400. */
  answered: number;
  accepted: number;
  atPartnero: number;
  /** Answered, and not at Partnero. */
  lost: string[];
  /** At Partnero more than once. */
  doubled: string[];
  /** Requests for what Partnero had carried out already. */
  repeated: number;
  /** Accepted, and without a known fate. */
  unaccounted: number;
}

const VISITORS = 8;
/** Leaves time for deliveries: of what piles up, most is never near a kill. */
const PAUSE_MS = 5;
/** Long enough for a step that comes once a second, such as a checkpoint. */
const PATIENCE_MS = 6_000;

/** Apps on one outbox file that are killed again and again, while visitors sign up. */
export class KillRun {
  private readonly answered = new Set<string>();
  private readonly log: string;
  private visits = 0;
  private files = 0;
  /** In the files of `killWhileMaking`. */
  private acceptedElsewhere = 0;

  constructor(
    private readonly folder: string,
    private readonly fake: FakePartnero,
    private readonly settings: Pick<AppProcessOptions, 'synchronous'> = {},
  ) {
    this.log = join(folder, 'kills.log');
    writeFileSync(this.log, '');
    this.heal();
  }

  /** Kills an app in a step. True if it was there at that moment, in which case the kill counts. */
  async kill(step: Step): Promise<boolean> {
    if (step === 'mid-request' || step === 'any moment') return this.killFromOutside(step);
    if (/^(make|upgrade) file/.test(step)) return this.killWhileMaking(step);
    // The steps of delivery need something that is left to deliver, and those of a failure a failure.
    if (/^(claim|take over)/.test(step)) await this.leaveSome();
    if (step.startsWith('postpone')) this.fake.misbehave({ type: 'status', status: 503 });
    const hit = await this.killFromInside(step, this.options());
    this.heal();
    return hit;
  }

  /** Starts an app that isn't killed, waits for all that is pending, and looks at Partnero. */
  async check(): Promise<Finding> {
    const app = await AppProcess.start(this.options());
    const stats = await eventually(async () => {
      const now = await app.stats();
      return now.pending === 0 && now;
    }, 60_000);
    await app.end('SIGTERM');
    return this.compare(stats);
  }

  /** Visitors who sign up, one after the other each, until the app is gone. */
  async load(app: AppProcess, { visitors = VISITORS, each = Infinity, pauseMs = PAUSE_MS } = {}) {
    const visitor = async () => {
      for (let i = 0; i < each; i += 1) {
        const id = `user-${(this.visits += 1)}`;
        if (!(await app.signUp(id))) return;
        this.answered.add(id);
        if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    };
    await Promise.all(Array.from({ length: visitors }, visitor));
  }

  options(path = join(this.folder, 'outbox.db')): AppProcessOptions {
    const { baseUrl, apiKey } = this.fake;
    return { path, baseUrl, apiKey, ...this.settings };
  }

  private async killFromInside(step: Step, options: AppProcessOptions): Promise<boolean> {
    const before = this.killsIn(step);
    // The steps of delivery are for many jobs at once; after a few failures the breaker is open.
    const after = 1 + Math.floor(Math.random() * 5);
    const killAt = {
      step,
      log: this.log,
      after: /^(claim|take over|postpone)/.test(step) ? 1 : after,
    };
    const app = await AppProcess.start(options, killingItself(killAt)).catch(() => null);
    if (app) {
      const giveUp = setTimeout(() => void app.end(), PATIENCE_MS);
      // A pause now and then, since the log is emptied when nothing comes.
      while (!app.hasEnded) await this.load(app, { each: step === 'checkpoint' ? 5 : Infinity });
      clearTimeout(giveUp);
      await app.end();
    }
    return this.killsIn(step) > before;
  }

  private async killFromOutside(step: Step): Promise<boolean> {
    const app = await AppProcess.start(this.options());
    const loading = this.load(app);
    const enough = this.answered.size + Math.random() * 100;
    await eventually(() => this.answered.size >= enough, PATIENCE_MS);
    const before = this.fake.requests.length;
    const inside = () => this.fake.requests.slice(before).some(({ status }) => status === 0);
    // Other processes on the file may have found Partnero down, and wait: then it is a miss.
    if (step === 'mid-request') await eventually(inside, PATIENCE_MS).catch(() => false);
    else await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    const counts = step === 'any moment' || inside();
    await app.end();
    await loading;
    return counts;
  }

  /** Each on a file of its own, which must work afterwards. */
  private async killWhileMaking(step: Step): Promise<boolean> {
    const options = this.options(join(this.folder, `new-${(this.files += 1)}`, 'outbox.db'));
    const before = this.killsIn(step);
    if (step.startsWith('upgrade')) this.makeOldFile(options.path);
    await AppProcess.start(options, killingItself({ step, log: this.log, after: 1 })).catch(
      () => null,
    );
    const left = existsSync(options.path);
    const app = await AppProcess.start(options);
    await this.load(app, { visitors: 1, each: 1 });
    await eventually(async () => (await app.stats()).pending === 0, PATIENCE_MS);
    this.acceptedElsewhere += (await app.stats()).accepted;
    await app.end();
    return left && this.killsIn(step) > before;
  }

  /** As an older version left it, with two customers whom Partnero hasn't got. */
  private makeOldFile(path: string): void {
    const sql = readFileSync('test/support/fixtures/outbox-v1.sql', 'utf8');
    const onlyFirstOfLane = `DELETE FROM jobs WHERE seq = 8;
      UPDATE counters SET n = n - 1 WHERE outcome IN ('accepted', 'pending'); SELECT 1`;
    mkdirSync(dirname(path));
    inOtherProcess(path, sql.replaceAll('old-', `old-${this.files}-`) + onlyFirstOfLane);
    this.answered.add(`old-${this.files}-1`).add(`old-${this.files}-2`);
  }

  /** Slow enough for something to be always under way. */
  private heal(): void {
    this.fake.heal();
    this.fake.misbehave({ type: 'slow', ms: 5 });
  }

  /** An app dies with jobs that Partnero hasn't got. */
  private async leaveSome(): Promise<void> {
    await this.fake.down();
    const app = await AppProcess.start(this.options());
    await this.load(app, { each: 2 });
    await app.end();
    await this.fake.up();
  }

  private killsIn(step: Step): number {
    return readFileSync(this.log, 'utf8')
      .split('\n')
      .filter((line) => line === step).length;
  }

  private compare({ accepted, outcomes, dead }: ProgramStats): Finding {
    const keys = this.fake.customers.map(({ key }) => key);
    const known = new Set(keys);
    const once = new Set(keys);
    const settled = Object.values(outcomes).reduce((sum, n) => sum + n, dead);
    return {
      answered: this.answered.size,
      accepted: accepted + this.acceptedElsewhere,
      atPartnero: known.size,
      lost: [...this.answered].filter((id) => !known.has(id)),
      doubled: keys.filter((key) => !once.delete(key)),
      repeated: this.fake.requestsTo('POST /customers').filter(({ status }) => status === 422)
        .length,
      unaccounted: accepted - settled,
    };
  }
}
