/** Your own id of a customer, or of a sale: a UUID, a number of the database, a bigint. */
export type CustomerId = string | number | bigint;

/** The form in which an id is kept and sent; `undefined` if it can't be one. */
export function toKey(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  // A number that isn't safe has lost digits: it would be another customer's.
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
  return typeof value === 'bigint' ? String(value) : undefined;
}
