import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Delivery, DeliveryControl } from '#lib/outbox/delivery.js';
import type { HistoryEntry } from '#lib/outbox/history.js';
import type { Job } from '#lib/outbox/job.js';
import type { OutboxEngine } from '#lib/outbox/outbox-engine.js';
import type { FromHost, HostCalls, OutboxHostOptions, ToHost } from './fixtures/outbox-host.js';

/** As `npm test` has built them. */
const FIXTURES = resolve('dist/apps/test/support/fixtures');
const running = new Set<OutboxHost>();

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * An outbox engine in a process of its own, which the test can kill. Its deliveries are made by the
 * functions that the test gives to `start`, so that what Partnero received outlives the process.
 */
export class OutboxHost implements OutboxEngine {
  location = '';
  private lastNumber = 0;
  private readonly waiting = new Map<number, Waiting>();
  private readonly aborts = new Map<number, AbortController>();
  private delivery: Delivery | undefined;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (message: FromHost) => void this.receive(message));
    child.on('exit', () => {
      for (const { reject } of this.waiting.values()) reject(new Error('The outbox host ended.'));
      for (const abort of this.aborts.values()) abort.abort();
      this.waiting.clear();
    });
  }

  /** Starts a process with an open engine. `engine` is the name of a fixture. */
  static async start(options: OutboxHostOptions, env: NodeJS.ProcessEnv = {}): Promise<OutboxHost> {
    const argument = JSON.stringify({ ...options, engine: `${FIXTURES}/${options.engine}.js` });
    const child = fork(`${FIXTURES}/outbox-host.js`, [argument], {
      execArgv: [],
      serialization: 'advanced',
      env: { ...process.env, ...env },
    });
    const host = new OutboxHost(child);
    running.add(host);
    const died = once(child, 'exit').then(() => {
      throw new Error('The outbox host ended before it was ready.');
    });
    died.catch(() => {});
    while (host.location === '') await Promise.race([once(child, 'message'), died]);
    return host;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  async kill(): Promise<void> {
    running.delete(this);
    if (this.hasEnded) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
    this.child.kill(name);
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  programId = () => this.call('programId');
  saveProgramId = (id: string) => this.call('saveProgramId', id);
  enqueue: OutboxEngine['enqueue'] = (...args) => this.call('enqueue', ...args);
  discard = (id: string) => this.call('discard', id);
  submit: OutboxEngine['submit'] = (job) => this.call('submit', job);
  stats = () => this.call('stats');
  find = (orderingKey: string) => this.call('find', orderingKey);
  recent = (limit: number) => this.call('recent', limit);
  requeue: OutboxEngine['requeue'] = (filter) => this.call('requeue', filter);
  forget = (...args: Parameters<OutboxEngine['forget']>) => this.call('forget', ...args);
  close = () => this.call('close');
  setClock = (offsetMs: number) => this.call('setClock', offsetMs);

  /** Messages keep their order: a later call finds the job released. */
  release(id: string): void {
    this.send('release', id);
  }

  async *deadLetters(): AsyncIterable<HistoryEntry> {
    yield* await this.call('deadLetters');
  }

  start(delivery: Delivery): DeliveryControl {
    this.delivery = delivery;
    const { concurrency, maxAgeMs, initialBackoffMs, maxBackoffMs, requestsPerMinute } = delivery;
    this.send('start', {
      concurrency,
      maxAgeMs,
      initialBackoffMs,
      maxBackoffMs,
      requestsPerMinute,
    });
    return {
      pause: (reason) => this.send('pause', reason),
      resume: () => this.send('resume'),
      drain: (capMs) => this.call('drain', capMs),
    };
  }

  /** Rejects if the engine rejects, or if the process ends before it replies. */
  private call<N extends keyof HostCalls>(
    name: N,
    ...args: Parameters<HostCalls[N]>
  ): Promise<Awaited<ReturnType<HostCalls[N]>>> {
    if (this.hasEnded) return Promise.reject(new Error('The outbox host has ended.'));
    const n = (this.lastNumber += 1);
    const replied = new Promise<unknown>((resolve, reject) =>
      this.waiting.set(n, { resolve, reject }),
    );
    this.write({ type: 'call', n, name, args });
    return replied as Promise<Awaited<ReturnType<HostCalls[N]>>>;
  }

  private send<N extends keyof HostCalls>(name: N, ...args: Parameters<HostCalls[N]>): void {
    this.call(name, ...args).catch(() => {});
  }

  private write(message: ToHost): void {
    this.child.send(message, () => {});
  }

  private async receive(message: FromHost): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.location = message.location;
        return;
      case 'reply': {
        const waiting = this.waiting.get(message.n);
        this.waiting.delete(message.n);
        if (message.error === undefined) waiting?.resolve(message.value);
        else waiting?.reject(new Error(message.error));
        return;
      }
      case 'deliver':
        return this.deliver(message.n, message.job);
      case 'abort':
        this.aborts.get(message.n)?.abort();
        return;
      case 'checkKey': {
        const value = await this.delivery!.checkKey();
        return this.write({ type: 'result', n: message.n, value });
      }
      case 'end':
        return this.delivery!.onEnd(message.job, message.end);
    }
  }

  private async deliver(n: number, job: Job): Promise<void> {
    const abort = new AbortController();
    this.aborts.set(n, abort);
    const save = (progress: string) => this.call('save', n, progress);
    const value = await this.delivery!.deliver(job, abort.signal, { save });
    this.aborts.delete(n);
    if (!this.hasEnded) this.write({ type: 'result', n, value });
  }
}

/** For `afterEach`. */
export async function killOutboxHosts(): Promise<void> {
  await Promise.all([...running].map((host) => host.kill()));
}
