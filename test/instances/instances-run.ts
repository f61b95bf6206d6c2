import { setTimeout as sleep } from 'node:timers/promises';
import type { ProgramStats } from 'nestjs-partnero';
import type { FakePartnero } from 'nestjs-partnero/testing';
import { AppProcess, isGood, preloading, type SharedStore } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';

/** What a check found, of all that came before it. */
export interface Finding {
  /** Sign-ups with a response below 400. */
  signedUp: number;
  queued: number;
  /** Signed up, not at Partnero, and not counted by any app as `accept_failed` or `accept_timeout`. */
  lost: number;
  /** At Partnero more than once. */
  doubled: string[];
  /** Queued, and without an outcome. */
  unaccounted: number;
}

export const NOTHING_LOST = { lost: 0, doubled: [], unaccounted: 0 };

const TIMEOUT_MS = 60_000;

export interface Load {
  /** At the same time. */
  visitors?: number;
  /** Sign-ups of each visitor, one after the other. */
  each?: number;
  pauseMs?: number;
}

export interface AppSettings {
  hooks?: boolean;
  concurrency?: number;
  requestsPerMinute?: number;
  acceptTimeoutMs?: number;
  clockAheadMs?: number;
}

/** Instances of one app, and visitors who sign up at them while something goes wrong. */
export class InstancesRun {
  readonly signedUp = new Set<string>();
  /** How long the slowest sign-up took. Milliseconds. */
  slowest = 0;
  private visits = 0;

  constructor(
    private readonly store: SharedStore,
    private readonly fake: FakePartnero,
    private readonly folder: string,
  ) {}

  start({ clockAheadMs, ...settings }: AppSettings = {}): Promise<AppProcess> {
    const { baseUrl, apiKey } = this.fake;
    const path = `${this.folder}/outbox.db`;
    const environment = clockAheadMs === undefined ? {} : preloading('other-clock.cjs');
    return AppProcess.start(
      { path, baseUrl, apiKey, store: this.store, ...settings },
      { ...environment, CLOCK_AHEAD_MS: String(clockAheadMs) },
    );
  }

  startSome(n: number, settings?: AppSettings): Promise<AppProcess[]> {
    return Promise.all(Array.from({ length: n }, () => this.start(settings)));
  }

  /** Resolves when all visitors have signed up, or the app is gone. */
  async load(app: AppProcess, { visitors = 5, each = 20, pauseMs = 0 }: Load = {}): Promise<void> {
    const visitor = async () => {
      for (let i = 0; i < each; i += 1) {
        const id = `user-${(this.visits += 1)}`;
        const started = performance.now();
        if (!isGood(await app.signUp(id))) return;
        this.slowest = Math.max(this.slowest, performance.now() - started);
        this.signedUp.add(id);
        if (pauseMs > 0) await sleep(pauseMs);
      }
    };
    await Promise.all(Array.from({ length: visitors }, visitor));
  }

  /** Starts an instance that isn't killed, waits until nothing is pending, and looks at Partnero. */
  async check(): Promise<Finding> {
    return this.checkOn([await this.start()], { countsAll: false });
  }

  /** The same with the apps themselves: they know which sign-ups they could not save. */
  async checkOn(apps: readonly AppProcess[], { countsAll = true } = {}): Promise<Finding> {
    let all: ProgramStats[] = [];
    const isOver = async () => {
      const found = await Promise.allSettled(apps.map((app) => app.stats()));
      all = found.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      if (all.length < apps.length || all.some(({ pending }) => pending > 0)) return false;
      return !countsAll || this.missing().length <= notSaved(all);
    };
    await eventually(isOver, TIMEOUT_MS).catch((cause: Error) => {
      if (all.length === apps.length && all.every(({ pending }) => pending === 0)) return;
      throw new Error(`jobs are still pending: ${JSON.stringify(all)}`, { cause });
    });
    await Promise.all(apps.map((app) => app.end('SIGTERM')));
    return this.compare(all);
  }

  /** Signed up, and not at Partnero. */
  private missing(): string[] {
    const known = new Set(this.fake.customers.map(({ key }) => key));
    return [...this.signedUp].filter((id) => !known.has(id));
  }

  private compare(all: readonly ProgramStats[]): Finding {
    const [{ queued, outcomes, dead }] = all as [ProgramStats];
    const keys = this.fake.customers.map(({ key }) => key);
    const once = new Set(keys);
    const completed = Object.values(outcomes).reduce((sum, n) => sum + n, dead);
    return {
      signedUp: this.signedUp.size,
      queued,
      lost: Math.max(0, this.missing().length - notSaved(all)),
      doubled: keys.filter((key) => !once.delete(key)),
      unaccounted: queued - completed,
    };
  }
}

function notSaved(all: readonly ProgramStats[]): number {
  const counts = all.map(({ notAccepted }) => notAccepted);
  return counts.reduce((sum, n) => sum + n.accept_failed + n.accept_timeout, 0);
}
