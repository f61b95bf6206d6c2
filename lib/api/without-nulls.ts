/** Entities have `null` where Partnero wants nothing. */
export function withoutNulls<T extends object>(value: T): Partial<T> {
  const entries = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(entries) as Partial<T>;
}
