import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { runCommand } from '#lib/cli/run-command.js';

export interface CommandRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** As `npx nestjs-partnero …`, in this process. */
export async function commandLine(...args: string[]): Promise<CommandRun> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCommand(args, {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

/** `npx nestjs-partnero …`, in a process of its own. */
export function commandProcess(...args: string[]): Promise<CommandRun> {
  const main = resolve('dist/esm/cli/main.js');
  return new Promise((done) => {
    execFile(process.execPath, [main, ...args], { env: process.env }, (error, out, err) => {
      done({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}
