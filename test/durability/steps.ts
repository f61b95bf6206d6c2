import { readFileSync, writeFileSync } from 'node:fs';
import { AppProcess, killingItself, type AppProcessOptions } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { inOtherProcess } from '../support/sqlite-shell.js';

/** Which engine a run is on. */
export type EngineName = 'sqlite' | 'postgres' | 'bullmq';

/** The steps that an app reaches in the outbox's own thread, which only SQLite has. */
const IN_THREAD = /^make file|commit$|^WAL/;

/** Those of the steps that an app with that engine reaches. */
export function stepsOf<S extends string>(all: readonly S[], engine: EngineName): S[] {
  return all.filter((step) => engine === 'sqlite' || !IN_THREAD.test(step));
}

/** Long enough for a step that comes every other second, such as the emptying of the log. */
export const PATIENCE_MS = 6_000;
/** Beyond the lease of 10 s, and the 2 s between two looks for processes that have ended. */
export const STOPPED_MS = 12_500;

/** In the midst of a transaction, a stopped process would keep SQLite's lock: nobody could write. */
export async function stopBetweenTransactions(
  app: AppProcess,
  { path, store }: Pick<AppProcessOptions, 'path' | 'store'>,
): Promise<void> {
  await eventually(() => {
    app.signal('SIGSTOP');
    try {
      return store || inOtherProcess(path, 'BEGIN IMMEDIATE; SELECT 1').rows.length === 1;
    } catch (error) {
      app.signal('SIGCONT');
      throw error;
    }
  });
}

/** Apps that kill themselves in some step, and a list of those that did. */
export class SelfKills {
  constructor(private readonly log: string) {
    writeFileSync(log, '');
  }

  /**
   * Starts an app that kills itself, and uses it until it is gone. True if it reached the step.
   *
   * @param after when it gets there for the n-th time
   */
  async run(
    step: string,
    after: number,
    options: AppProcessOptions,
    use: (app: AppProcess) => Promise<void>,
  ): Promise<boolean> {
    const before = this.count(step);
    const killing = killingItself({ step, log: this.log, after });
    const app = await AppProcess.start(options, killing).catch(() => null);
    if (app) {
      const missed = setTimeout(() => void app.end(), PATIENCE_MS);
      while (!app.hasEnded) await use(app);
      clearTimeout(missed);
      await app.end();
    }
    return this.count(step) > before;
  }

  private count(step: string): number {
    return readFileSync(this.log, 'utf8')
      .split('\n')
      .filter((line) => line === step).length;
  }
}
