import { exactAmounts } from './money/exact-amounts.js';

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
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
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

/** `errors` in one shape: a text instead of a list is tolerated. */
export function fieldErrorsOf(
  body: Record<string, unknown>,
  redact: (text: string) => string,
): Record<string, string[]> {
  const { errors } = body;
  if (typeof errors !== 'object' || errors === null || Array.isArray(errors)) return {};
  return Object.fromEntries(
    Object.entries(errors).map(([field, messages]) => [
      field.slice(0, 60).replaceAll(/[^\w.*-]/g, ''),
      [messages].flat().filter(isText).map(redact),
    ]),
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
