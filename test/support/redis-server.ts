import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import { eventually } from './eventually.js';
import { temporaryFolder } from './temporary-folder.js';

const running = new Set<RedisServer>();

/** Whether this machine can start one. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

/** A Redis of the test's own, which keeps what it is told: it may be killed, stopped and started again. */
export class RedisServer {
  private child: ChildProcess | null = null;

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly settings: readonly string[],
  ) {}

  static async start(...settings: string[]): Promise<RedisServer> {
    return RedisServer.startOn(await freePort(), ...settings);
  }

  static async startOn(port: number, ...settings: string[]): Promise<RedisServer> {
    const server = new RedisServer(port, temporaryFolder(), settings);
    running.add(server);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const persistence = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
    const place = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder];
    const child = spawn('redis-server', [...place, ...persistence, ...this.settings], {
      stdio: 'ignore',
    });
    this.child = child;
    await eventually(() =>
      // One that wants a password is there too.
      this.ask((redis) => redis.ping()).catch((error: Error) => error.message.includes('NOAUTH')),
    );
  }

  /** Runs something on a connection of its own. */
  async ask<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    const options = { maxRetriesPerRequest: 0, retryStrategy: () => null, disconnectTimeout: 50 };
    const redis = new Redis(this.port, options);
    redis.on('error', () => {});
    try {
      return await work(redis);
    } finally {
      redis.disconnect();
    }
  }

  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { child } = this;
    this.child = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    if (signal !== 'SIGKILL') child.kill('SIGCONT');
    await ended;
  }

  /** As a replica. */
  async waitUntilInSync(): Promise<void> {
    await eventually(async () => (await this.replication()).includes('master_link_status:up'));
  }

  /** As a replica of that one, to which nobody writes any more. */
  async waitForAllOf(primary: RedisServer): Promise<void> {
    const offsetIn = (text: string) => /^master_repl_offset:(\d+)/m.exec(text)?.[1];
    await eventually(
      async () => offsetIn(await this.replication()) === offsetIn(await primary.replication()),
    );
  }

  private replication(): Promise<string> {
    return this.ask((redis) => redis.info('replication'));
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child?.kill(signal);
  }

  async restart(): Promise<void> {
    await this.end();
    await this.start();
  }
}

/** For `afterAll`. */
export async function endRedisServers(): Promise<void> {
  for (const server of running) await server.end();
  running.clear();
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
