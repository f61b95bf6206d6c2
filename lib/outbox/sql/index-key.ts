import { createHash } from 'node:crypto';

const LONGEST = 200;

/** The key as it stands in an index: a long one is cut and hashed, since PostgreSQL's have a limit. */
export function indexKey(key: string): string {
  if (key.length <= LONGEST) return key;
  return `${key.slice(0, 100)}#${createHash('sha256').update(key).digest('hex')}`;
}
