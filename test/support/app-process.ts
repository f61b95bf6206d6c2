import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ProgramStats } from 'nestjs-partnero';

export interface AppProcessOptions {
  path: string;
  baseUrl: string;
  apiKey: string;
  synchronous?: 'normal' | 'full';
  concurrency?: number;
  hooks?: boolean;
}

export const SIGN_UP_APP = fileURLToPath(new URL('fixtures/sign-up-app.mjs', import.meta.url));
const running = new Set<AppProcess>();

/** An app in a process of its own, so that it can be killed. */
export class AppProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(options: AppProcessOptions): Promise<AppProcess> {
    // Without what Jest adds to the command line of its workers.
    const child = fork(SIGN_UP_APP, [JSON.stringify(options)], { execArgv: [] });
    const { port } = await message<{ port: number }>(child, 'ready');
    const started = new AppProcess(child, `http://127.0.0.1:${port}`);
    running.add(started);
    return started;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** True if the sign-up was answered below 400; false for any other answer, or none. */
  async signUp(id: string, partner = 'ann'): Promise<boolean> {
    try {
      const response = await fetch(`${this.url}/signup`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie: `partnero_partner=${partner}` },
        body: JSON.stringify({ id }),
      });
      await response.arrayBuffer();
      return response.status < 400;
    } catch {
      return false;
    }
  }

  async stats(): Promise<ProgramStats> {
    const reply = message<{ stats: ProgramStats }>(this.child, 'stats');
    this.child.send('stats');
    return (await reply).stats;
  }

  /** Ends it, by default as a crash would. */
  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    running.delete(this);
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const ended = new Promise<number | null>((resolve) => this.child.once('exit', resolve));
    this.child.kill(signal);
    return ended;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

/** For `afterEach`. */
export async function endAppProcesses(): Promise<void> {
  await Promise.all([...running].map((app) => app.end()));
}

function message<T>(child: ChildProcess, type: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error(`the app ended before it said '${type}'`));
    child.once('exit', onExit);
    child.on('message', function listen(reply: { type: string }) {
      if (reply.type !== type) return;
      child.off('message', listen);
      child.off('exit', onExit);
      resolve(reply as T);
    });
  });
}
