import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FakePartnero } from 'nestjs-partnero/testing';
import { AppProcess, isGood, type AppProcessOptions } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { PATIENCE_MS, SelfKills, stopBetweenTransactions, STOPPED_MS } from './steps.js';

/** Where an app is killed, by what it is doing there. It kills itself, but for the last three. */
export const SALE_STEPS_BY_STAGE = {
  'saves a sale': ['before submit', 'submit: before commit', 'submit: after commit', 'submitted'],
  'delivers from the store': ['claim: before commit', 'claim: after commit', 'claimed'],
  'saves a checkpoint': [
    'before checkpoint',
    'checkpoint: before commit',
    'checkpoint: after commit',
    'checkpoint saved',
  ],
  'saves a result': ['responded', 'complete: before commit', 'complete: after commit'],
  'takes over': ['take over: before commit', 'take over: after commit'],
  'does anything': ['mid-request', 'any moment'],
  'stands still': ['stopped for longer than the lease'],
} as const;
export type SaleStep = (typeof SALE_STEPS_BY_STAGE)[keyof typeof SALE_STEPS_BY_STAGE][number];
export const SALE_STEPS: readonly SaleStep[] = Object.values(SALE_STEPS_BY_STAGE).flat();

/** What a check found, of all that came before it. */
export interface SaleFinding {
  /** Sales that the app took, and that weren't refunded. */
  taken: number;
  recorded: number;
  /** Taken, and not at Partnero. */
  lost: string[];
  /** At Partnero more than once. */
  doubled: string[];
  /** Refunded, and at Partnero all the same. */
  unrefunded: string[];
  /** Queued, and without an outcome. */
  unaccounted: number;
}

const PROVIDERS = 6;
const CUSTOMERS = 200;
/** Each sale takes three requests to Partnero. */
const PAUSE_MS = 10;
/** Partnero's own write lands at most so long after it cut the connection. */
const LATE_MS = 150;
const GRACE_MS = 400;

/**
 * Apps on one outbox that are killed again and again, while payment providers report sales to them until
 * they take them, and once more now and then; and while Partnero loses responses, or writes late.
 */
export class SaleKillRun {
  private readonly taken = new Set<string>();
  private readonly refunded = new Set<string>();
  /** The app was killed before it had responded. */
  private readonly perhapsRefunded = new Set<string>();
  private readonly kills: SelfKills;
  private sales = 0;

  constructor(
    private readonly folder: string,
    private readonly fake: FakePartnero,
    private readonly settings: Pick<AppProcessOptions, 'store'> = {},
  ) {
    this.kills = new SelfKills(join(folder, 'kills.log'));
    const [ann] = fake.partners;
    for (let i = 0; i < CUSTOMERS; i += 1) {
      fake.addCustomer({ key: `user-${i}`, partner: ann ?? null });
    }
    this.misbehave();
  }

  /** Kills an app in a step. True if it was there at that moment, in which case the kill counts. */
  async kill(step: SaleStep): Promise<boolean> {
    if (step === 'stopped for longer than the lease') return this.stop();
    if (step === 'mid-request' || step === 'any moment') return this.killFromOutside(step);
    if (/^(claim|take over)/.test(step)) await this.leaveSome();
    return this.killFromInside(step);
  }

  /** Starts an app that isn't killed, waits until nothing is pending, and looks at Partnero. */
  async check(): Promise<SaleFinding> {
    this.fake.heal();
    const app = await AppProcess.start(this.options());
    const { queued, outcomes, dead } = await eventually(async () => {
      const stats = await app.stats();
      return stats.pending === 0 && stats;
    }, 60_000);
    await app.end('SIGTERM');
    this.misbehave();
    // The last of what is written late.
    await sleep(LATE_MS);
    const keys = this.fake.transactions.map(({ key }) => key ?? '');
    const once = new Set(keys);
    const known = new Set(keys);
    const stay = [...this.taken].filter(
      (key) => !this.refunded.has(key) && !this.perhapsRefunded.has(key),
    );
    return {
      taken: stay.length,
      recorded: known.size,
      lost: stay.filter((key) => !known.has(key)),
      doubled: keys.filter((key) => !once.delete(key)),
      unrefunded: [...this.refunded].filter((key) => known.has(key)),
      unaccounted: queued - Object.values(outcomes).reduce((sum, n) => sum + n, dead),
    };
  }

  options(): AppProcessOptions {
    const { baseUrl, apiKey } = this.fake;
    const path = join(this.folder, 'outbox.db');
    return { path, baseUrl, apiKey, ambiguousGraceMs: GRACE_MS, ...this.settings };
  }

  /** Providers that report one sale after the other, until the app is gone. */
  async load(
    app: AppProcess,
    { visitors = PROVIDERS, each = Infinity, pauseMs = PAUSE_MS } = {},
  ): Promise<void> {
    const provider = async () => {
      for (let i = 0; i < each && !app.hasEnded; i += 1) {
        const key = `inv-${(this.sales += 1)}`;
        if (!(await this.report(app, key))) return;
        await sleep(pauseMs);
      }
    };
    await Promise.all(Array.from({ length: visitors }, provider));
  }

  /**
   * Stops an app amid its sales for longer than its lease, while another one takes them over. Then lets
   * it go on, and kills it.
   */
  async stop(): Promise<boolean> {
    const [app, living] = await Promise.all([
      AppProcess.start(this.options()),
      AppProcess.start(this.options()),
    ]);
    const loading = this.load(app);
    const enough = this.taken.size + 30;
    await eventually(() => this.taken.size >= enough);
    await stopBetweenTransactions(app, this.options());
    await sleep(STOPPED_MS);
    app.signal('SIGCONT');
    await sleep(500);
    await app.end();
    await loading;
    await living.end();
    return true;
  }

  private async report(app: AppProcess, key: string): Promise<boolean> {
    const customer = `user-${Number(key.slice(4)) % CUSTOMERS}`;
    // One without a response may have been taken all the same; the provider reports it to the next app.
    if (!isGood(await app.report('sale', { key, customer }))) return false;
    this.taken.add(key);
    const luck = Math.random();
    if (luck < 0.15) await app.report('sale', { key, customer });
    if (luck > 0.9) {
      const isTaken = isGood(await app.report('refund', { key }));
      (isTaken ? this.refunded : this.perhapsRefunded).add(key);
    }
    return true;
  }

  private killFromInside(step: SaleStep): Promise<boolean> {
    const after = /^(claim|take over)/.test(step) ? 1 : 1 + Math.floor(Math.random() * 5);
    return this.kills.run(step, after, this.options(), (app) => this.load(app));
  }

  private async killFromOutside(step: SaleStep): Promise<boolean> {
    const app = await AppProcess.start(this.options());
    const loading = this.load(app);
    const before = this.fake.requests.length;
    const inside = () =>
      this.fake.requests
        .slice(before)
        .some(({ method, path, status }) => `${method} ${path}` === SALE && status === 0);
    if (step === 'mid-request') await eventually(inside, PATIENCE_MS).catch(() => false);
    else await sleep(Math.random() * 200);
    const counts = step === 'any moment' || inside();
    await app.end();
    await loading;
    return counts;
  }

  /** An app is killed with sales under way that Partnero hasn't got. */
  private async leaveSome(): Promise<void> {
    this.fake.misbehave({ type: 'hang' }, { on: 'GET /transactions' });
    const before = this.fake.requests.length;
    const app = await AppProcess.start(this.options());
    await this.load(app, { each: 2 });
    await eventually(() => this.fake.requests.length > before, 30_000);
    await app.end();
    this.misbehave();
  }

  /** One sale in three meets something. */
  private misbehave(): void {
    this.fake.heal();
    this.fake.misbehave({ type: 'slow', ms: 5 });
    for (let i = 0; i < 40; i += 1) {
      const afterMs = Math.random() * LATE_MS;
      this.fake.misbehave({ type: 'slow', ms: 5 }, { on: SALE, times: 6 });
      this.fake.misbehave({ type: 'reset_before_late_write', afterMs }, { on: SALE, times: 1 });
      this.fake.misbehave({ type: 'reset_after' }, { on: SALE, times: 1 });
      this.fake.misbehave({ type: 'reset_before' }, { on: SALE, times: 1 });
    }
  }
}

const SALE = 'POST /transactions';
