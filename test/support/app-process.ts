import { fork, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import type { ProgramStats } from 'nestjs-partnero';
import type { AppProcessOptions, SharedStore } from './fixtures/sign-up-app.js';

export type { AppProcessOptions, SharedStore };

/** As `npm test` has built it. */
export const SIGN_UP_APP = resolve('dist/apps/test/support/fixtures/sign-up-app.js');
export const WEBHOOK_APP = resolve('dist/apps/test/support/fixtures/webhook-app.js');
const running = new Set<AppProcess>();

/** Where an app ends itself. */
export interface KillAt {
  step: string;
  /** When it gets there for the n-th time. */
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

  /** Resolves with the status of the response; null if there was none. */
  signUp(id: string, partner = 'ann'): Promise<number | null> {
    return this.post('signup', { id }, { cookie: `partnero_partner=${partner}` });
  }

  /** A sign-up that the app saves and then answers with 400. */
  refuseSignUp(id: string, partner = 'ann'): Promise<number | null> {
    return this.post('refused-signup', { id }, { cookie: `partnero_partner=${partner}` });
  }

  /** What a payment provider reports. */
  report(what: 'sale' | 'refund', body: object): Promise<number | null> {
    return this.post(what, body);
  }

  /** Rejects if the outbox can't be read. */
  async stats(): Promise<ProgramStats> {
    const reply = message<{ stats: ProgramStats | null }>(this.child, 'stats');
    this.child.send('stats');
    const { stats } = await reply;
    if (!stats) throw new Error('the outbox could not be read');
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

  private async post(path: string, body: object, headers: object = {}): Promise<number | null> {
    try {
      const response = await fetch(`${this.url}/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
      await response.arrayBuffer();
      const isOurs = response.headers.get('x-process') === String(this.pid);
      return isOurs ? response.status : null;
    } catch {
      return null;
    }
  }
}

export const isGood = (status: number | null) => status !== null && status < 400;

/** For `afterEach`. */
export async function endAppProcesses(): Promise<void> {
  await Promise.all([...running].map((app) => app.end()));
}

/** Environment of an app that kills itself. */
export function killingItself({ step, after, log }: KillAt): NodeJS.ProcessEnv {
  const environment = { KILL_AT: step, KILL_AFTER: String(after), KILL_LOG: log };
  return { ...preloading('failpoints.cjs'), ...environment };
}

/** Environment of an app whose threads, the outbox's too, load a fixture first. */
export function preloading(fixture: string): NodeJS.ProcessEnv {
  const path = (name: string) => resolve('test/support/fixtures', name);
  return {
    NODE_OPTIONS: `--require ${path('thread-preload.cjs')} --disable-warning=ExperimentalWarning`,
    THREAD_PRELOAD: path(fixture),
  };
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
