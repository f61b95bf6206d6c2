import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { HostCalls, OutboxHostOptions } from './fixtures/outbox-host.js';

/** As `npm test` has built them. */
const FIXTURES = resolve('dist/apps/test/support/fixtures');
const running = new Set<OutboxHost>();

interface Reply {
  n: number;
  value?: unknown;
  error?: string;
}

/** An outbox in a process of its own. */
export class OutboxHost {
  private lastNumber = 0;
  private readonly waiting = new Map<number, (reply: Reply) => void>();

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (reply: Reply) => {
      this.waiting.get(reply.n)?.(reply);
      this.waiting.delete(reply.n);
    });
  }

  /** `engine` is the name of a fixture. */
  static async start({ engine, settings }: OutboxHostOptions): Promise<OutboxHost> {
    const options: OutboxHostOptions = { engine: `${FIXTURES}/${engine}.js`, settings };
    const child = fork(`${FIXTURES}/outbox-host.js`, [JSON.stringify(options)], { execArgv: [] });
    const died = once(child, 'exit').then(() => {
      throw new Error('the outbox host ended before it was ready');
    });
    await Promise.race([once(child, 'message'), died]);
    died.catch(() => {});
    const started = new OutboxHost(child);
    running.add(started);
    return started;
  }

  /** Rejects with what the outbox rejects with. */
  async ask<N extends keyof HostCalls>(
    name: N,
    ...args: Parameters<HostCalls[N]>
  ): Promise<Awaited<ReturnType<HostCalls[N]>>> {
    const n = (this.lastNumber += 1);
    const replied = new Promise<Reply>((done) => this.waiting.set(n, done));
    this.child.send([n, name, args]);
    const { value, error } = await replied;
    if (error !== undefined) throw new Error(`${name}: ${error}`);
    return value as Awaited<ReturnType<HostCalls[N]>>;
  }

  async kill(): Promise<void> {
    running.delete(this);
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}

/** For `afterEach`. */
export async function killOutboxHosts(): Promise<void> {
  await Promise.all([...running].map((host) => host.kill()));
}
