import { fork, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import type { ProgramStats } from 'nestjs-partnero';
import type { AppProcessOptions, FleetPlace } from './fixtures/sign-up-app.js';

export type { AppProcessOptions, FleetPlace };

/** As `npm test` has built it. */
export const SIGN_UP_APP = resolve('dist/apps/test/support/fixtures/sign-up-app.js');
export const WEBHOOK_APP = resolve('dist/apps/test/support/fixtures/webhook-app.js');
const running = new Set<AppProcess>();

/** Where an app ends itself. */
export interface KillAt {
  step: string;
  /** When it gets there for the so-manieth time. */
  after: number;
  /** File into which it writes the step. */
  log: string;
}

/** An app in a process of its own, so that it can be killed. */
export class AppProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static start(
    options: AppProcessOptions,
    environment: NodeJS.ProcessEnv = {},
  ): Promise<AppProcess> {
    return AppProcess.startFile(SIGN_UP_APP, options, environment);
  }

  static async startFile(
    file: string,
    options: object,
    environment: NodeJS.ProcessEnv = {},
  ): Promise<AppProcess> {
    // Without what Jest adds to the command line of its workers.
    const child = fork(file, [JSON.stringify(options)], {
      execArgv: [],
      env: { ...process.env, ...environment },
    });
    const { url } = await message<{ url: string }>(child, 'ready');
    const started = new AppProcess(child, url);
    running.add(started);
    return started;
  }

  get pid(): number {
    return this.child.pid!;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** True if the sign-up was answered below 400; false for any other answer, or none. */
  signUp(id: string, partner = 'ann'): Promise<boolean> {
    return this.post('signup', { id }, { cookie: `partnero_partner=${partner}` });
  }

  /** The same for what a payment provider tells. */
  tell(what: 'sale' | 'refund', body: object): Promise<boolean> {
    return this.post(what, body);
  }

  /** Rejects if the outbox can't tell. */
  async stats(): Promise<ProgramStats> {
    const reply = message<{ stats: ProgramStats | null }>(this.child, 'stats');
    this.child.send('stats');
    const { stats } = await reply;
    if (!stats) throw new Error('the outbox could not tell');
    return stats;
  }

  /** Ends it, by default as a crash would. */
  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    running.delete(this);
    if (this.hasEnded) return this.child.exitCode;
    const ended = new Promise<number | null>((done) => this.child.once('exit', done));
    this.child.kill(signal);
    return ended;
  }

  /** Sets its clock off by so many milliseconds. */
  setClock(offsetMs: number): void {
    this.child.send({ clock: offsetMs });
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  private async post(path: string, body: object, headers: object = {}): Promise<boolean> {
    try {
      const response = await fetch(`${this.url}/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
      await response.arrayBuffer();
      return response.status < 400 && response.headers.get('x-process') === String(this.pid);
    } catch {
      return false;
    }
  }
}

/** For `afterEach`. */
export async function endAppProcesses(): Promise<void> {
  await Promise.all([...running].map((app) => app.end()));
}

/** Environment of an app that kills itself. */
export function killingItself({ step, after, log }: KillAt): NodeJS.ProcessEnv {
  const environment = { KILL_AT: step, KILL_AFTER: String(after), KILL_LOG: log };
  return { ...preloading('failpoints.cjs'), ...environment };
}

/** Environment of an app whose threads all load a fixture first. */
export function preloading(fixture: string): NodeJS.ProcessEnv {
  const path = resolve('test/support/fixtures', fixture);
  return { NODE_OPTIONS: `--require ${path} --disable-warning=ExperimentalWarning` };
}

function message<T>(child: ChildProcess, type: string): Promise<T> {
  return new Promise((done, reject) => {
    const onExit = () => reject(new Error(`the app ended before it said '${type}'`));
    child.once('exit', onExit);
    child.on('message', function listen(reply: { type: string }) {
      if (reply.type !== type) return;
      child.off('message', listen);
      child.off('exit', onExit);
      done(reply as T);
    });
  });
}
