import { isObject } from '../common/is-object.js';
import { exactAmounts } from './money/exact-amounts.js';
import type { Redactor } from './redact.js';

/**
 * What every answer of Partnero is wrapped in.
 * @see https://docs.partnero.com (introduction, "Responses")
 */
export interface Envelope<T = unknown> {
  /** 1 for success. Absent in some older answers. */
  readonly status?: unknown;
  readonly data?: T;
  readonly message?: string;
  readonly errors?: unknown;
  readonly links?: { readonly next?: string | null } | null;
  readonly meta?: { readonly per_page?: number; readonly current_page?: number } | null;
}

/** The JSON object in a body, or `undefined` for anything else. `exact`: see {@link exactAmounts}. */
export function parseObject(body: unknown, exact = false): Record<string, unknown> | undefined {
  if (typeof body !== 'string') return undefined;
  try {
    const value: unknown = JSON.parse(body, exact ? exactAmounts : undefined);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Success in Partnero's words: `data`, or a `status`, and the `status` isn't a failure. */
export function isSuccess(body: Record<string, unknown>): boolean {
  return ('data' in body || 'status' in body) && !saysFailure(body);
}

/** `status: 0`; some clients of the vendor's take any empty value for it. */
export function saysFailure(body: Record<string, unknown>): boolean {
  return 'status' in body && (!body['status'] || body['status'] === '0');
}

/** A refusal in Partnero's words: a `message`, `errors`, or `status: 0`; each may be missing. */
export function isRefusal(body: Record<string, unknown>): boolean {
  const { message, errors } = body;
  return (
    typeof message === 'string' ||
    (typeof errors === 'object' && errors !== null) ||
    saysFailure(body)
  );
}

/** A refusal may name any number of fields, with any number of messages. */
const MAX_FIELDS = 20;
const MAX_MESSAGES = 5;

/** `errors` in one shape: a string instead of a list is tolerated. Names of fields may be data too. */
export function fieldErrorsOf(
  body: Record<string, unknown>,
  redact: Pick<Redactor, 'fieldName' | 'message'>,
): Record<string, string[]> {
  const { errors } = body;
  if (typeof errors !== 'object' || errors === null || Array.isArray(errors)) return {};
  const fields = Object.entries(errors).slice(0, MAX_FIELDS);
  return Object.fromEntries(
    fields.map(([field, messages]) => [
      redact.fieldName(field),
      [messages]
        .flat()
        .filter(isString)
        .slice(0, MAX_MESSAGES)
        .map((message) => redact.message(message)),
    ]),
  );
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}
