import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { eventually } from './eventually.js';
import { freePort } from './redis-server.js';
import { temporaryFolder } from './temporary-folder.js';

const INSTALLED = '/usr/lib/postgresql';
const running = new Set<PostgresServer>();

/** A PostgreSQL of the test's own: it may be killed, stopped and started again. */
export class PostgresServer {
  private child: ChildProcess | null = null;

  private constructor(
    readonly port: number,
    private readonly folder: string,
  ) {}

  static async start(): Promise<PostgresServer> {
    const server = new PostgresServer(await freePort(), ownFolder());
    run('initdb', ['-D', server.folder, '-U', 'postgres', '--auth', 'trust', '--no-sync']);
    await server.begin();
    return server;
  }

  /** Another with a copy of everything, which follows this one until it is promoted. */
  async startReplica(): Promise<PostgresServer> {
    const replica = new PostgresServer(await freePort(), ownFolder());
    const from = ['-h', '127.0.0.1', '-p', String(this.port), '-U', 'postgres'];
    run('pg_basebackup', [...from, '-D', replica.folder, '-R', '-X', 'stream', '-c', 'fast']);
    await replica.begin();
    return replica;
  }

  /** As a replica of that one, to which nobody writes any more. */
  async waitForAllOf(primary: PostgresServer): Promise<void> {
    const at = async (server: PostgresServer, what: string) => {
      const { rows } = await server.ask((client) => client.query<{ lsn: string }>(what));
      return rows[0]?.lsn;
    };
    await eventually(
      async () =>
        (await at(this, 'SELECT pg_last_wal_replay_lsn() AS lsn')) ===
        (await at(primary, 'SELECT pg_current_wal_flush_lsn() AS lsn')),
    );
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  async begin(): Promise<void> {
    running.add(this);
    const place = ['-D', this.folder, '-p', String(this.port), '-k', this.folder];
    const settings = ['-c', 'listen_addresses=127.0.0.1', '-c', 'max_connections=200'];
    this.child = spawn(binary('postgres'), [...place, ...settings], {
      ...asUser(),
      stdio: 'ignore',
    });
    await eventually(() => this.ask((client) => client.query('SELECT 1')), 30_000);
  }

  /** Runs something on a connection of its own. */
  async ask<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({ connectionString: this.url });
    client.on('error', () => {});
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => {});
    }
  }

  /** Ends it as a crash does; what was committed is there when it starts again. */
  async end(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    this.signal('SIGCONT', child);
    child.kill('SIGQUIT');
    await ended;
  }

  /** To all of its processes. */
  signal(signal: 'SIGSTOP' | 'SIGCONT', child = this.child): void {
    if (!child?.pid) return;
    const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)]);
    const pids = [child.pid, ...String(stdout).trim().split(/\s+/).map(Number)];
    for (const pid of pids.filter((each) => each > 0)) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  async restart(): Promise<void> {
    await this.end();
    await this.begin();
  }
}

/** For `afterAll`. */
export async function endPostgresServers(): Promise<void> {
  for (const server of running) await server.end();
  running.clear();
}

/** Whether this machine can start one. */
export const hasPostgres = existsSync(INSTALLED);

function binary(name: string): string {
  const [newest] = readdirSync(INSTALLED).toSorted((a, b) => Number(b) - Number(a));
  return join(INSTALLED, newest ?? '', 'bin', name);
}

function run(name: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(binary(name), args, asUser());
  if (status !== 0) throw new Error(String(stderr));
}

/** PostgreSQL refuses to run as root. */
function asUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = ['-u', '-g'].map((which) =>
    Number(String(spawnSync('id', [which, 'postgres']).stdout)),
  );
  return { uid: uid!, gid: gid! };
}

function ownFolder(): string {
  const parent = temporaryFolder();
  chmodSync(parent, 0o755);
  const folder = join(parent, 'data');
  mkdirSync(folder, { mode: 0o700 });
  const { uid, gid } = asUser();
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
  return folder;
}
