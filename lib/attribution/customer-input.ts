import { toKey, type CustomerId } from '../common/customer-id.js';

/**
 * A new customer, as a handler or a mapper gives it. `null` counts as absent, since that is what
 * entities have. Other fields are ignored and never sent.
 */
export interface CustomerInput {
  /** Your own id of the customer; what sales are recorded with later. */
  readonly id?: CustomerId | null | undefined;
  /** The same, for those who call it so. Asked only if there is no `id`. */
  readonly key?: CustomerId | null | undefined;
  /** Without it, Partnero can't tell a partner who refers themselves. */
  readonly email?: string | null | undefined;
  readonly name?: string | null | undefined;
  readonly surname?: string | null | undefined;
  /** Affiliate programs only. */
  readonly tags?: readonly string[] | null | undefined;
}

/** A customer that can be accepted: it has a key; the rest is checked before it is sent. */
export interface NewCustomer {
  readonly key: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Instead of a customer: a mapper said that this isn't a new one. */
export const NOT_NEW = Symbol('not a new customer');

/** The customer in a value, or `null` if it has no usable `id` or `key`. Guesses nothing. */
export function toCustomer(value: unknown): NewCustomer | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const input = value as Record<string, unknown>;
  const key = toKey(input['id']) ?? toKey(input['key']);
  if (key === undefined) return null;
  const fields: Record<string, unknown> = {};
  for (const [name, read] of Object.entries(FIELDS)) {
    const field = read(input[name]);
    if (field !== null && field !== undefined) fields[name] = field;
  }
  return { key, fields };
}

/** A form that was left empty has no e-mail. */
function trimmed(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return value.trim() || undefined;
}

function ifText(value: unknown): unknown {
  return typeof value === 'string' ? value : undefined;
}

function ifTexts(value: unknown): unknown {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
    ? value
    : undefined;
}

/** An entity may have a `name` or `tags` of its own kind, which are no reason to pay nobody. */
const FIELDS: Readonly<Record<string, (value: unknown) => unknown>> = {
  email: trimmed,
  name: ifText,
  surname: ifText,
  tags: ifTexts,
};
