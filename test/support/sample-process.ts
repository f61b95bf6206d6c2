import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const running = new Set<ChildProcess>();

export interface RunningSample {
  url: string;
  output(): string;
  end(): Promise<number | null>;
}

/** Starts a sample as its README says, on a port of its own. */
export async function startSample(
  name: string,
  environment: Record<string, string>,
): Promise<RunningSample> {
  const { child, output } = launch(name, environment);
  const url = await eventually(
    () => /(?<!API: )http:\/\/[\w.[\]:]+?:\d+/.exec(output())?.[0],
    30_000,
  );
  return { url: url.replace('[::1]', 'localhost'), output, end: () => end(child) };
}

/** One that ends by itself: how, and what it said. */
export async function runSample(
  name: string,
  environment: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  const { child, output } = launch(name, environment);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output: output() };
}

function launch(name: string, environment: Record<string, string>) {
  // What is set for the tests is not for the samples.
  const { PARTNERO_API_KEY: _, REDIS_URL: __, ...inherited } = process.env;
  const child = spawn(process.execPath, [`dist/apps/sample/${name}/main.js`], {
    cwd: root,
    env: { ...inherited, PORT: '0', NO_COLOR: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { child, output: () => text };
}

/** For `afterEach`. */
export async function endSamples(): Promise<void> {
  await Promise.all([...running].map(end));
}

function end(child: ChildProcess): Promise<number | null> {
  running.delete(child);
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  return ended;
}
