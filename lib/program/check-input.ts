import { PartneroError } from '../api/partnero.error.js';
import { toKey } from '../common/customer-id.js';

const MAX_LIMIT = 1_000;

/** @throws PartneroError `invalid_input` */
export function checkLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw invalid('limit', `must be a whole number from 1 to ${MAX_LIMIT}`);
}

/** @throws PartneroError `invalid_input` if it isn't an id of the user's own */
export function checkKey(value: unknown, field: string): string {
  const key = toKey(value);
  if (key !== undefined) return key;
  throw invalid(field, 'must be your own id: a string, an integer or a bigint');
}

function invalid(field: string, problem: string): PartneroError {
  return new PartneroError({
    kind: 'invalid_input',
    message: `${field} ${problem}.`,
    fieldErrors: { [field]: [problem] },
  });
}
