import type { SharedStore } from '../support/app-process.js';
import { PostgresServer } from '../support/postgres-server.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

/** The server that the instances of an app share, and what may happen to it. */
export interface SharedServer {
  /** How long it may take until the jobs of a killed process are taken over. Milliseconds. */
  readonly takeOverMs: number;
  /** Whether jobs are saved while the server is away. */
  readonly hasFallback: boolean;
  /** Whether one `requestsPerMinute`, and one pause after 429, holds for all processes together. */
  readonly sharesRate: boolean;
  /** Whether no job depends on the clocks of the machines. */
  readonly hasOneClock: boolean;
  newStore(): SharedStore;
  /** Between the apps and the server. */
  readonly proxy: TcpProxy;
  /** Crashes it and starts it again with all that it had written. */
  restart(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Ends it, and puts a replica that is in sync in its place. */
  failOver(): Promise<void>;
}

export class SharedRedis implements SharedServer {
  readonly takeOverMs = 10_000;
  readonly hasFallback = true;
  readonly sharesRate = true;
  readonly hasOneClock = false;
  private stores = 0;

  private constructor(
    private server: RedisServer,
    readonly proxy: TcpProxy,
  ) {}

  static async start(): Promise<SharedRedis> {
    const server = await RedisServer.start();
    return new SharedRedis(server, await TcpProxy.start(server.port));
  }

  newStore(): SharedStore {
    const name = `instances-${(this.stores += 1)}`;
    const url = `redis://127.0.0.1:${this.proxy.port}`;
    return { engine: 'bullmq', url, name, fallback: true, leaseMs: 3_000 };
  }

  restart(): Promise<void> {
    return this.server.restart();
  }

  freeze(): void {
    this.server.signal('SIGSTOP');
  }

  thaw(): void {
    this.server.signal('SIGCONT');
  }

  async failOver(): Promise<void> {
    const next = await RedisServer.start('--replicaof', '127.0.0.1', String(this.server.port));
    await next.waitUntilInSync();
    this.proxy.refuse();
    await next.waitForAllOf(this.server);
    await this.server.end();
    await next.ask((redis) => redis.replicaof('NO', 'ONE'));
    this.server = next;
    this.proxy.retarget(next.port);
  }
}

export class SharedPostgres implements SharedServer {
  readonly takeOverMs = 10_000;
  readonly hasFallback = false;
  readonly sharesRate = false;
  readonly hasOneClock = true;
  private stores = 0;

  private constructor(
    private server: PostgresServer,
    readonly proxy: TcpProxy,
  ) {}

  static async start(): Promise<SharedPostgres> {
    const server = await PostgresServer.start();
    return new SharedPostgres(server, await TcpProxy.start(server.port));
  }

  newStore(): SharedStore {
    const name = `instances_${(this.stores += 1)}`;
    const url = `postgres://postgres@127.0.0.1:${this.proxy.port}/postgres`;
    return { engine: 'postgres', url, name };
  }

  restart(): Promise<void> {
    return this.server.restart();
  }

  freeze(): void {
    this.server.signal('SIGSTOP');
  }

  thaw(): void {
    this.server.signal('SIGCONT');
  }

  async failOver(): Promise<void> {
    const next = await this.server.startReplica();
    this.proxy.refuse();
    await next.waitForAllOf(this.server);
    await this.server.end();
    await next.ask((client) => client.query('SELECT pg_promote()'));
    this.server = next;
    this.proxy.retarget(next.port);
  }
}
