import { setTimeout as sleep } from 'node:timers/promises';
import type { ProgramStats } from 'nestjs-partnero';
import type { FakePartnero } from 'nestjs-partnero/testing';
import { AppProcess, preloading, type FleetPlace } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';

/** What a check found, of all that came before it. */
export interface Finding {
  /** Sign-ups answered below 400. */
  answered: number;
  accepted: number;
  /** Answered, and not at Partnero. */
  lost: string[];
  /** At Partnero more than once. */
  doubled: string[];
  /** Accepted, and without a known fate. */
  unaccounted: number;
}

export const NOTHING_LOST = { lost: [], doubled: [], unaccounted: 0 };

export interface Load {
  /** At once, one after the other each. */
  visitors?: number;
  each?: number;
  pauseMs?: number;
}

export interface AppOverrides extends Partial<FleetPlace> {
  hooks?: boolean;
  concurrency?: number;
  clockAheadMs?: number;
}

/** App processes of a fleet, and visitors who sign up at them while something goes wrong. */
export class FleetRun {
  readonly answered = new Set<string>();
  /** How long the slowest sign-up took. Milliseconds. */
  slowest = 0;
  private visits = 0;

  constructor(
    readonly place: FleetPlace,
    private readonly fake: FakePartnero,
    private readonly folder: string,
  ) {}

  start(overrides: AppOverrides = {}): Promise<AppProcess> {
    const { hooks, concurrency, clockAheadMs, ...place } = overrides;
    const { baseUrl, apiKey } = this.fake;
    const fleet = { ...this.place, ...place };
    const path = `${this.folder}/outbox.db`;
    const environment = {
      ...(clockAheadMs === undefined ? {} : preloading('other-clock.cjs')),
      CLOCK_AHEAD_MS: String(clockAheadMs),
    };
    return AppProcess.start({ path, baseUrl, apiKey, hooks, concurrency, fleet }, environment);
  }

  startSome(n: number, overrides?: AppOverrides): Promise<AppProcess[]> {
    return Promise.all(Array.from({ length: n }, () => this.start(overrides)));
  }

  /** Resolves when all have come, or the app is gone. */
  async load(app: AppProcess, { visitors = 5, each = 20, pauseMs = 0 }: Load = {}): Promise<void> {
    const visitor = async () => {
      for (let i = 0; i < each; i += 1) {
        const id = `user-${(this.visits += 1)}`;
        const started = performance.now();
        if (!(await app.signUp(id))) return;
        this.slowest = Math.max(this.slowest, performance.now() - started);
        this.answered.add(id);
        if (pauseMs > 0) await sleep(pauseMs);
      }
    };
    await Promise.all(Array.from({ length: visitors }, visitor));
  }

  /** Waits, on an app that isn't killed, for all that is pending, and looks at Partnero. */
  async check(timeoutMs = 60_000): Promise<Finding> {
    const app = await this.start();
    const stats = await this.settled(app, 0, timeoutMs);
    await app.end('SIGTERM');
    return this.compare(stats);
  }

  /** The same on apps that still have something in hand: all who were answered are accepted. */
  async checkOn(apps: readonly AppProcess[], timeoutMs = 60_000): Promise<Finding> {
    const stats = await this.settled(apps[0]!, this.answered.size, timeoutMs);
    await Promise.all(apps.map((app) => app.end('SIGTERM')));
    return this.compare(stats);
  }

  private async settled(app: AppProcess, accepted: number, timeoutMs: number) {
    let now: ProgramStats | undefined;
    const isSettled = async () => {
      now = await app.stats();
      return now.pending === 0 && now.accepted >= accepted && now;
    };
    try {
      return await eventually(isSettled, timeoutMs);
    } catch (cause) {
      const wanted = `${accepted} accepted and none pending`;
      throw new Error(`not ${wanted}, but: ${JSON.stringify(now)}`, { cause });
    }
  }

  private compare({ accepted, outcomes, dead }: ProgramStats): Finding {
    const keys = this.fake.customers.map(({ key }) => key);
    const known = new Set(keys);
    const once = new Set(keys);
    const settled = Object.values(outcomes).reduce((sum, n) => sum + n, dead);
    return {
      answered: this.answered.size,
      accepted,
      lost: [...this.answered].filter((id) => !known.has(id)),
      doubled: keys.filter((key) => !once.delete(key)),
      unaccounted: accepted - settled,
    };
  }
}
