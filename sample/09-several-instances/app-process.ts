import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ProgramStats } from 'nestjs-partnero';

/** One instance of the app. In production, each instance may run on a machine of its own. */
export class AppProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(environment: Record<string, string>): Promise<AppProcess> {
    const env = { ...process.env, PORT: '0', ...environment };
    const child = fork(join(import.meta.dirname, 'app.js'), { env });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`The app ended with ${String(code)} instead of starting.`);
    });
    const [url] = (await Promise.race([once(child, 'message'), ended])) as [string];
    ended.catch(() => {});
    return new AppProcess(child, url);
  }

  /** Whether the sign-up succeeded. */
  async signUp(id: string, partner: string): Promise<boolean> {
    const response = await fetch(`${this.url}/signup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: `partnero_partner=${partner}` },
      body: JSON.stringify({ id, email: `${id}@example.com` }),
    });
    return response.ok;
  }

  async stats(): Promise<ProgramStats> {
    return (await (await fetch(`${this.url}/stats`)).json()) as ProgramStats;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }
}
