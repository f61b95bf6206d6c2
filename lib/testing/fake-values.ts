export type Fields = Record<string, unknown>;
export type Problems = Record<string, string[]>;

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** A text as it is; empty for anything else. */
export function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What `tags` may be. */
export function isTags(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return Array.isArray(value) && value.every(isText);
}

/** Names somebody. */
export function isReference(value: unknown): value is Fields {
  return isFields(value) && Object.values(value).some(isText);
}

export function isEmail(value: unknown): boolean {
  return typeof value === 'string' && /^[^@\s]+@[^@\s]+$/.test(value);
}

/** A number as Partnero wants amounts: not a text, not negative. */
export function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

export function required(field: string): string[] {
  return [`The ${field} field is required.`];
}

/** Microseconds, as Partnero has them. */
export function stamp(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}

export function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

export function tagsOf(tags: readonly string[]): { value: string }[] {
  return tags.map((value) => ({ value }));
}
