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
  const name = textOf(error, 'name');
  return /^\w{1,60}$/.test(name) ? name : 'something';
}

/** The first place in the app's own code, such as `src/users.ts:12`. */
export function placeOfThrown(error: unknown): string | undefined {
  const stack = textOf(error, 'stack').replace(textOf(error, 'message'), '');
  for (const line of stack.split('\n')) {
    const [, file = '', at] = FRAME.exec(line) ?? [];
    if (file === '' || FOREIGN.test(file)) continue;
    const path = file.startsWith('file:') ? pathOf(file) : file;
    return `${relative(process.cwd(), path)}:${at}`;
  }
  return undefined;
}

/** Of errors that were changed, a field may be anything, or throw. */
function textOf(error: unknown, field: 'name' | 'message' | 'stack'): string {
  try {
    const text: unknown = error instanceof Error ? error[field] : '';
    return typeof text === 'string' ? text : '';
  } catch {
    return '';
  }
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}
