import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ProgramStats } from 'nestjs-partnero';
import type { AppTask } from './app.js';

/** The app as a process of its own: it can be killed. */
export class AppProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly url: string,
  ) {}

  static async start(task: AppTask): Promise<AppProcess> {
    const child = fork(join(import.meta.dirname, 'app.js'), [JSON.stringify(task)]);
    const [{ url }] = (await once(child, 'message')) as [{ url: string }];
    return new AppProcess(child, url);
  }

  /** The status, and how long the visitor waited; status 0 if there was no answer. */
  async signUp(id: string, email: string, cookie: string): Promise<{ status: number; ms: number }> {
    const started = performance.now();
    try {
      const response = await fetch(`${this.url}/signup`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie },
        body: JSON.stringify({ id, email }),
      });
      await response.arrayBuffer();
      return { status: response.status, ms: performance.now() - started };
    } catch {
      return { status: 0, ms: performance.now() - started };
    }
  }

  async stats(): Promise<ProgramStats> {
    const reply = once(this.child, 'message');
    this.child.send('stats');
    const [{ stats }] = (await reply) as [{ stats: ProgramStats }];
    return stats;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }
}
