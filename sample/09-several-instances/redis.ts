import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RunningRedis {
  readonly url: string;
  end(): Promise<void>;
}

/** The Redis at `REDIS_URL`, or a new one that ends with this sample; `null` if there is neither. */
export async function findRedis(): Promise<RunningRedis | null> {
  const url = process.env['REDIS_URL'];
  if (url) return { url, end: () => Promise.resolve() };
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-partnero-sample-'));
  const port = await freePort();
  // Redis writes its jobs to disk, and deletes none when its memory is full.
  const settings = ['--appendonly', 'yes', '--maxmemory-policy', 'noeviction', '--save', ''];
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
  const child = spawn('redis-server', [...place, ...settings], { stdio: 'ignore' });
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  const failed = once(child, 'exit').catch(() => []);
  const listens = await Promise.race([listening(port), failed.then(() => false)]);
  if (!listens) {
    removeFolder();
    return null;
  }
  const end = async () => {
    child.kill('SIGTERM');
    await failed;
    removeFolder();
  };
  return { url: `redis://127.0.0.1:${port}`, end };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(port: number): Promise<boolean> {
  for (let i = 0; i < 100; i += 1) {
    const socket = connect(port, '127.0.0.1');
    const connected = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (connected) return true;
    await sleep(50);
  }
  return false;
}
