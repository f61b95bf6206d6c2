import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const FRAME = /^\s+at (?:.*\()?(.+):(\d+):\d+\)?$/;
const FOREIGN = /node_modules|^node:|^<anonymous>/;

/**
 * Such as `threw TypeError at src/users.ts:12`: the error's name and the first place in the app's own
 * code. Never its message, which may hold data.
 */
export function describeThrown(error: unknown): string {
  const place = error instanceof Error ? placeOf(error) : undefined;
  return `threw ${nameOfThrown(error)}${place === undefined ? '' : ` at ${place}`}`;
}

/** `something` if it is no error, or has no usual name. */
export function nameOfThrown(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  return /^\w{1,60}$/.test(name) ? name : 'something';
}

function placeOf({ stack, message }: Error): string | undefined {
  for (const line of (stack ?? '').replace(message, '').split('\n')) {
    const [, file = '', at] = FRAME.exec(line) ?? [];
    if (file === '' || FOREIGN.test(file)) continue;
    const path = file.startsWith('file:') ? fileURLToPath(file) : file;
    return `${relative(process.cwd(), path)}:${at}`;
  }
  return undefined;
}
