import type { FleetPlace } from '../support/app-process.js';
import { PostgresServer } from '../support/postgres-server.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

/** A server that the app processes of a fleet share, and what may happen to it. */
export interface FleetServer {
  /** A store of its own on it. */
  newPlace(): FleetPlace;
  /** The way that the apps take to it. */
  readonly proxy: TcpProxy;
  /** As a crash does, and then there again, with what it had written down. */
  restart(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Ends it, and another that had a copy of everything takes its place. */
  failOver(): Promise<void>;
}

export class RedisFleetServer implements FleetServer {
  private names = 0;

  private constructor(
    private server: RedisServer,
    readonly proxy: TcpProxy,
  ) {}

  static async start(): Promise<RedisFleetServer> {
    const server = await RedisServer.start();
    return new RedisFleetServer(server, await TcpProxy.start(server.port));
  }

  newPlace(): FleetPlace {
    const name = `fleet-${(this.names += 1)}`;
    const url = `redis://127.0.0.1:${this.proxy.port}`;
    return { engine: 'bullmq', url, name, leaseMs: 3_000 };
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

export class PostgresFleetServer implements FleetServer {
  private names = 0;

  private constructor(
    private server: PostgresServer,
    readonly proxy: TcpProxy,
  ) {}

  static async start(): Promise<PostgresFleetServer> {
    const server = await PostgresServer.start();
    return new PostgresFleetServer(server, await TcpProxy.start(server.port));
  }

  newPlace(): FleetPlace {
    const name = `fleet_${(this.names += 1)}`;
    const url = `postgres://postgres@127.0.0.1:${this.proxy.port}/postgres`;
    return { engine: 'pg-boss', url, name, leaseMs: 3_000 };
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
