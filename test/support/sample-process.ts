import { spawn, type ChildProcess } from 'node:child_process';
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
  const { PARTNERO_API_KEY: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [`dist/apps/sample/${name}/main.js`], {
    cwd: root,
    env: { ...inherited, PORT: '0', NO_COLOR: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const url = await eventually(() => /http:\/\/[\w.[\]:]+?:\d+/.exec(output)?.[0], 15_000);
  return {
    url: url.replace('[::1]', 'localhost'),
    output: () => output,
    end: () => end(child),
  };
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
