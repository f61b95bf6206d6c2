import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const FRAME = /^\s+at (?:.*\()?(.+):(\d+):\d+\)?$/;
const FOREIGN = /node_modules|^node:|^<anonymous>/;

/**
 * Such as `threw TypeError at src/users.ts:12`: the error's name and the first place in the app's own
 * code. Never its message, which may hold data.
 */
export function describeThrown(error: unknown): string {
  const place = placeOfThrown(error);
  return `threw ${nameOfThrown(error)}${place === undefined ? '' : ` at ${place}`}`;
}

/** `something` if it is no error, or has no usual name. */
export function nameOfThrown(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  return /^\w{1,60}$/.test(name) ? name : 'something';
}

/** The first place in the app's own code, such as `src/users.ts:12`. */
export function placeOfThrown(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { stack, message } = error;
  for (const line of (stack ?? '').replace(message, '').split('\n')) {
    const [, file = '', at] = FRAME.exec(line) ?? [];
    if (file === '' || FOREIGN.test(file)) continue;
    const path = file.startsWith('file:') ? fileURLToPath(file) : file;
    return `${relative(process.cwd(), path)}:${at}`;
  }
  return undefined;
}
