import { PartneroError } from '../api/partnero.error.js';

const MAX_LIMIT = 1_000;

/** @throws PartneroError `invalid_input` */
export function checkLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new PartneroError({
    kind: 'invalid_input',
    message: `limit must be a whole number from 1 to ${MAX_LIMIT}.`,
  });
}
