import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProgramStats } from 'nestjs-partnero';
import type { FakePartnero } from 'nestjs-partnero/testing';
import { AppProcess, isGood, type AppProcessOptions } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { PATIENCE_MS, SelfKills, stopBetweenTransactions, STOPPED_MS } from './steps.js';

/** Where an app is killed, by what it is doing there. It kills itself, but for the last three. */
export const STEPS_BY_STAGE = {
  'makes its file': ['make file: before tables', 'make file: before commit'],
  'saves a sign-up': [
    'before enqueue',
    'enqueue: before commit',
    'enqueue: after commit',
    'held',
    'released',
  ],
  'discards a sign-up': [
    'before discard',
    'discard: before commit',
    'discard: after commit',
    'discarded',
  ],
  'delivers from the store': ['claim: before commit', 'claim: after commit', 'claimed'],
  'saves a result': [
    'responded',
    'complete: before commit',
    'complete: after commit',
    'retry: before commit',
  ],
  'takes over': ['take over: before commit', 'take over: after commit'],
  'empties its log': ['WAL checkpoint'],
  'does anything': ['mid-request', 'any moment'],
  'stands still': ['stopped for longer than the lease'],
} as const;
export type Step = (typeof STEPS_BY_STAGE)[keyof typeof STEPS_BY_STAGE][number];
export const STEPS: readonly Step[] = Object.values(STEPS_BY_STAGE).flat();

/** What a check found, of all that came before it. */
export interface Finding {
  /** Sign-ups with a response below 400. */
  signedUp: number;
  queued: number;
  atPartnero: number;
  /** Signed up, and not at Partnero. */
  lost: string[];
  /** Those of them whose app noticed that they couldn't be queued, with the reason. */
  notQueued: string[];
  /** At Partnero more than once. */
  doubled: string[];
  /** Discarded, and at Partnero all the same. */
  discardedSent: string[];
  /** Jobs whose end was reported more than once. */
  endedTwice: string[];
  /** Queued, and without an outcome. */
  unaccounted: number;
  /** Requests for what Partnero had carried out already. */
  repeated: number;
  /** Sign-ups with a response of 400. */
  refused: number;
  /** Those of them that are at Partnero, since their app was killed before it had discarded them. */
  refusedSent: number;
}

const VISITORS = 8;
/** Every fifth visitor is followed by one who is refused. */
const REFUSED_EVERY = 5;
/** Leaves time for deliveries: of what piles up, most is never near a kill. */
const PAUSE_MS = 5;

/** A response that leaves before the attribution is saved promises nothing: here, none does. */
const ACCEPT_TIMEOUT_MS = 30_000;

/** Apps on one outbox that are killed again and again, while visitors sign up. */
export class KillRun {
  private readonly signedUp = new Set<string>();
  private readonly refused = new Set<string>();
  private readonly endings: string;
  private readonly kills: SelfKills;
  private visits = 0;
  private files = 0;
  /** In the files of `killWhileMaking`. */
  private queuedElsewhere = 0;

  constructor(
    private readonly folder: string,
    private readonly fake: FakePartnero,
    private readonly settings: Pick<AppProcessOptions, 'synchronous' | 'store'> = {},
  ) {
    this.kills = new SelfKills(join(folder, 'kills.log'));
    this.endings = join(folder, 'endings.log');
    writeFileSync(this.endings, '');
    this.heal();
  }

  /** Kills an app in a step. True if it was there at that moment, in which case the kill counts. */
  async kill(step: Step): Promise<boolean> {
    if (step === 'stopped for longer than the lease') return this.stop();
    if (step === 'mid-request' || step === 'any moment') return this.killFromOutside(step);
    if (step.startsWith('make file')) return this.killWhileMaking(step);
    // The steps of delivery need something that is left to deliver, and those of a failure a failure.
    if (/^(claim|take over)/.test(step)) await this.leaveSome();
    if (step.startsWith('retry')) this.fake.misbehave({ type: 'status', status: 503 });
    const hit = await this.killFromInside(step);
    this.heal();
    return hit;
  }

  /** Starts an app that isn't killed, waits until nothing is pending, and looks at Partnero. */
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
      for (let i = 1; i <= each; i += 1) {
        const id = `user-${(this.visits += 1)}`;
        if (!isGood(await app.signUp(id))) return;
        this.signedUp.add(id);
        if (i % REFUSED_EVERY === 0 && !(await this.refuse(app, `refused-${id}`))) return;
        if (pauseMs > 0) await sleep(pauseMs);
      }
    };
    await Promise.all(Array.from({ length: visitors }, visitor));
  }

  options(path = join(this.folder, 'outbox.db')): AppProcessOptions {
    const { baseUrl, apiKey } = this.fake;
    const { endings } = this;
    return { path, baseUrl, apiKey, endings, acceptTimeoutMs: ACCEPT_TIMEOUT_MS, ...this.settings };
  }

  /**
   * Stops an app under load for longer than its lease, while another one takes its jobs over. Then lets
   * it go on, and kills it.
   */
  async stop(): Promise<boolean> {
    const [app, living] = await Promise.all([
      AppProcess.start(this.options()),
      AppProcess.start(this.options()),
    ]);
    const loading = this.load(app);
    const enough = this.signedUp.size + 50;
    await eventually(() => this.signedUp.size >= enough);
    await stopBetweenTransactions(app, this.options());
    await Promise.all([sleep(STOPPED_MS), this.load(living, { visitors: 2, each: 20 })]);
    app.signal('SIGCONT');
    await sleep(500);
    await app.end();
    await loading;
    await living.end();
    return true;
  }

  private async refuse(app: AppProcess, id: string): Promise<boolean> {
    const isRefused = (await app.refuseSignUp(id)) === 400;
    if (isRefused) this.refused.add(id);
    return isRefused;
  }

  private killFromInside(step: Step): Promise<boolean> {
    // The steps of delivery are for many jobs at once; after a few failures the breaker is open.
    const isForMany = /^(claim|take over|retry)/.test(step);
    const after = isForMany ? 1 : 1 + Math.floor(Math.random() * 5);
    return this.kills.run(step, after, this.options(), async (app) => {
      if (step !== 'WAL checkpoint') return this.load(app);
      // The log is emptied after a second without a write.
      await this.load(app, { each: 5 });
      await sleep(1_300);
    });
  }

  private async killFromOutside(step: Step): Promise<boolean> {
    const app = await AppProcess.start(this.options());
    const loading = this.load(app);
    const enough = this.signedUp.size + Math.random() * 100;
    await eventually(() => this.signedUp.size >= enough, 30_000);
    const before = this.fake.requests.length;
    const inside = () => this.fake.requests.slice(before).some(({ status }) => status === 0);
    // Other processes may have found Partnero down, and wait: then it is a miss.
    if (step === 'mid-request') await eventually(inside, PATIENCE_MS).catch(() => false);
    else await sleep(Math.random() * 20);
    const counts = step === 'any moment' || inside();
    await app.end();
    await loading;
    return counts;
  }

  /** Each on a file of its own, which must work afterwards. */
  private async killWhileMaking(step: Step): Promise<boolean> {
    const options = this.options(join(this.folder, `new-${(this.files += 1)}`, 'outbox.db'));
    const isKilled = await this.kills.run(step, 1, options, () => sleep(10));
    const left = existsSync(options.path);
    const app = await AppProcess.start(options);
    await this.load(app, { visitors: 1, each: 1 });
    await eventually(async () => (await app.stats()).pending === 0, 30_000);
    this.queuedElsewhere += (await app.stats()).queued;
    await app.end();
    return left && isKilled;
  }

  /** Slow enough for something to be always under way. */
  private heal(): void {
    this.fake.heal();
    this.fake.misbehave({ type: 'slow', ms: 5 });
  }

  /** An app is killed with jobs that Partnero hasn't got. */
  private async leaveSome(): Promise<void> {
    await this.fake.down();
    const app = await AppProcess.start(this.options());
    await this.load(app, { each: 2 });
    await app.end();
    await this.fake.up();
  }

  private compare({ queued, outcomes, dead }: ProgramStats): Finding {
    const keys = this.fake.customers.map(({ key }) => key);
    const known = new Set(keys);
    const ended = Object.values(outcomes).reduce((sum, n) => sum + n, dead);
    const discarded = new Set(this.endingsOf('discarded '));
    const lost = [...this.signedUp].filter((id) => !known.has(id));
    const refusedSent = [...this.refused].filter((id) => known.has(id) && !discarded.has(id));
    return {
      signedUp: this.signedUp.size,
      queued: queued + this.queuedElsewhere,
      atPartnero: known.size,
      lost,
      notQueued: this.endingsOf('accept_').filter((line) => lost.some((id) => line.includes(id))),
      doubled: repeatedIn(keys),
      discardedSent: [...discarded].filter((id) => known.has(id)),
      endedTwice: repeatedIn(this.endingsOf('ended ')),
      unaccounted: queued - ended,
      repeated: this.fake.requestsTo('POST /customers').filter(({ status }) => status === 422)
        .length,
      refused: this.refused.size,
      refusedSent: refusedSent.length,
    };
  }

  private endingsOf(start: 'discarded ' | 'ended ' | 'accept_'): string[] {
    return readFileSync(this.endings, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith(start))
      .map((line) => line.slice(start.length));
  }
}

function repeatedIn<T>(values: readonly T[]): T[] {
  const once = new Set(values);
  return values.filter((value) => !once.delete(value));
}
