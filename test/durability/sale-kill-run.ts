import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FakePartnero } from 'nestjs-partnero/testing';
import { AppProcess, killingItself, type AppProcessOptions } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';

/** Where an app that records sales is killed. The app names the moment itself, but for the last two. */
export const SALE_STEPS = [
  'before submit',
  'submit: before commit',
  'submit: after commit',
  'submitted',
  'claim: before commit',
  'claim: after commit',
  'claimed',
  'before note',
  'note: before commit',
  'note: after commit',
  'noted',
  'answered',
  'settle: before commit',
  'settle: after commit',
  'take over: before commit',
  'take over: after commit',
  'mid-request',
  'any moment',
] as const;
export type SaleStep = (typeof SALE_STEPS)[number];

/** What a check found, of all that came before it. */
export interface SaleFinding {
  /** Sales that the app took, and that weren't refunded. */
  told: number;
  recorded: number;
  /** Taken, and not at Partnero. */
  lost: string[];
  /** At Partnero more than once. */
  doubled: string[];
  /** Refunded, and at Partnero all the same. */
  unrefunded: string[];
  unaccounted: number;
}

const PROVIDERS = 6;
const CUSTOMERS = 200;
/** Each sale takes three requests to Partnero. */
const PAUSE_MS = 10;
const PATIENCE_MS = 6_000;
/** Partnero's own write lands up to so much later than it cut the connection. */
const LATE_MS = 150;
const GRACE_MS = 400;

/**
 * Apps on one outbox file that are killed again and again, while payment providers tell them of sales
 * until they take them, and once more now and then; and while Partnero loses answers, or writes late.
 */
export class SaleKillRun {
  private readonly told = new Set<string>();
  private readonly refunded = new Set<string>();
  /** The app was killed while it was told. */
  private readonly perhapsRefunded = new Set<string>();
  private readonly log: string;
  private sales = 0;

  constructor(
    private readonly folder: string,
    private readonly fake: FakePartnero,
  ) {
    this.log = join(folder, 'kills.log');
    writeFileSync(this.log, '');
    const [ann] = fake.partners;
    for (let i = 0; i < CUSTOMERS; i += 1) {
      fake.addCustomer({ key: `user-${i}`, partner: ann ?? null });
    }
    this.misbehave();
  }

  /** Kills an app in a step. True if it was there at that moment, in which case the kill counts. */
  async kill(step: SaleStep): Promise<boolean> {
    if (step === 'mid-request' || step === 'any moment') return this.killFromOutside(step);
    if (/^(claim|take over)/.test(step)) await this.leaveSome();
    return this.killFromInside(step);
  }

  /** Starts an app that isn't killed, waits for all that is pending, and looks at Partnero. */
  async check(): Promise<SaleFinding> {
    this.fake.heal();
    const app = await AppProcess.start(this.options());
    const { accepted, outcomes, dead } = await eventually(async () => {
      const stats = await app.stats();
      return stats.pending === 0 && stats;
    }, 60_000);
    await app.end('SIGTERM');
    this.misbehave();
    // The last of what is written late.
    await new Promise((resolve) => setTimeout(resolve, LATE_MS));
    const keys = this.fake.transactions.map(({ key }) => key ?? '');
    const once = new Set(keys);
    const known = new Set(keys);
    const stay = [...this.told].filter(
      (key) => !this.refunded.has(key) && !this.perhapsRefunded.has(key),
    );
    return {
      told: stay.length,
      recorded: known.size,
      lost: stay.filter((key) => !known.has(key)),
      doubled: keys.filter((key) => !once.delete(key)),
      unrefunded: [...this.refunded].filter((key) => known.has(key)),
      unaccounted: accepted - Object.values(outcomes).reduce((sum, n) => sum + n, dead),
    };
  }

  options(): AppProcessOptions {
    const { baseUrl, apiKey } = this.fake;
    const path = join(this.folder, 'outbox.db');
    return { path, baseUrl, apiKey, ambiguousGraceMs: GRACE_MS };
  }

  /** Providers that tell of one sale after the other, until the app is gone. */
  async load(
    app: AppProcess,
    { visitors = PROVIDERS, each = Infinity, pauseMs = PAUSE_MS } = {},
  ): Promise<void> {
    const provider = async () => {
      for (let i = 0; i < each && !app.hasEnded; i += 1) {
        const key = `inv-${(this.sales += 1)}`;
        if (!(await this.tell(app, key))) return;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    };
    await Promise.all(Array.from({ length: visitors }, provider));
  }

  private async tell(app: AppProcess, key: string): Promise<boolean> {
    const customer = `user-${Number(key.slice(4)) % CUSTOMERS}`;
    const taken = await app.tell('sale', { key, customer });
    // What wasn't answered may have been taken all the same; the provider tells the next app.
    if (!taken) return false;
    this.told.add(key);
    const luck = Math.random();
    if (luck < 0.15) await app.tell('sale', { key, customer });
    if (luck > 0.9) {
      const isTaken = await app.tell('refund', { key });
      (isTaken ? this.refunded : this.perhapsRefunded).add(key);
    }
    return true;
  }

  private async killFromInside(step: SaleStep): Promise<boolean> {
    const before = this.killsIn(step);
    const after = /^(claim|take over)/.test(step) ? 1 : 1 + Math.floor(Math.random() * 5);
    const killing = killingItself({ step, log: this.log, after });
    const app = await AppProcess.start(this.options(), killing).catch(() => null);
    if (app) {
      const giveUp = setTimeout(() => void app.end(), PATIENCE_MS);
      while (!app.hasEnded) await this.load(app);
      clearTimeout(giveUp);
      await app.end();
    }
    return this.killsIn(step) > before;
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
    else await new Promise((resolve) => setTimeout(resolve, Math.random() * 200));
    const counts = step === 'any moment' || inside();
    await app.end();
    await loading;
    return counts;
  }

  /** An app dies with sales under way that Partnero hasn't got. */
  private async leaveSome(): Promise<void> {
    this.fake.misbehave({ type: 'hang' }, { on: 'GET /transactions' });
    const before = this.fake.requests.length;
    const app = await AppProcess.start(this.options());
    await this.load(app, { each: 2 });
    await eventually(() => this.fake.requests.length > before, PATIENCE_MS);
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

  private killsIn(step: SaleStep): number {
    return readFileSync(this.log, 'utf8')
      .split('\n')
      .filter((line) => line === step).length;
  }
}

const SALE = 'POST /transactions';
