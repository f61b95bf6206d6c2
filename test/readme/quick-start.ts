import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FakePartnero } from 'nestjs-partnero/testing';
import { eventually } from '../support/eventually.js';
import { readme } from '../support/readme.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const cli = fileURLToPath(new URL('../../dist/esm/cli/main.js', import.meta.url));
let running: ChildProcess | null = null;

/** Runs the README's `main.ts`, with its `.env`, as a process of its own. */
export async function startQuickStart(
  compiled: string,
  fake: FakePartnero,
): Promise<{ url: string; output(): string; find(customerKey: string): string }> {
  const cwd = temporaryFolder();
  const [dotenv = ''] = /^ *PARTNERO_API_KEY=.*$/m.exec(readme) ?? [];
  const key = dotenv.trim().replace('your-key', fake.apiKey);
  writeFileSync(join(cwd, '.env'), `${key}\nPARTNERO_BASE_URL=${fake.baseUrl}\n`);
  const names = Object.keys(process.env).filter((name) => !name.startsWith('PARTNERO_'));
  const inherited = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  const port = await freePort();
  const env = { ...inherited, PORT: `${port}`, NO_COLOR: '1' };
  const child = spawn(process.execPath, [join(compiled, 'main.js')], { cwd, env });
  running = child;
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await eventually(() => text.includes('successfully started'), 45_000);
  const url = `http://localhost:${port}`;
  await eventually(() => fetch(url).then(Boolean, () => false));
  const find = (customerKey: string) =>
    execFileSync(process.execPath, [cli, 'outbox', 'find', customerKey], {
      cwd,
      env,
      encoding: 'utf8',
    });
  return { url, output: () => text, find };
}

/** For `afterEach`. */
export async function stopQuickStart(): Promise<void> {
  const child = running;
  running = null;
  if (!child || child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
