import { spawn, spawnSync } from 'node:child_process';

// Another process, since it stands for one: and Jest's sandbox has no `node:sqlite` of its own.
const SCRIPT = `
  const { DatabaseSync } = require('node:sqlite');
  const [path, sql, holdMs] = process.argv.slice(1);
  const db = new DatabaseSync(path);
  const last = sql.split(';').filter((each) => each.trim()).pop();
  const rest = sql.slice(0, sql.lastIndexOf(last));
  if (rest) db.exec(rest);
  console.log(JSON.stringify(db.prepare(last).all()));
  setTimeout(() => db.close(), Number(holdMs));
`;
const ARGUMENTS = ['--disable-warning=ExperimentalWarning', '-e', SCRIPT];

/** Runs SQL on a file from another process, which may hold its lock for a while. */
export function inOtherProcess(path: string, sql: string): { rows: unknown[] };
export function inOtherProcess(
  path: string,
  sql: string,
  hold: { holdMs: number },
): { ready: Promise<void>; ended: Promise<void> };
export function inOtherProcess(path: string, sql: string, hold?: { holdMs: number }): object {
  const args = [...ARGUMENTS, path, sql, String(hold?.holdMs ?? 0)];
  if (!hold) {
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return { rows: JSON.parse(stdout) as unknown[] };
  }
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ready = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return { ready, ended };
}
