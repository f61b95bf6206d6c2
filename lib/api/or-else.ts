import { PartneroError, type PartneroErrorKind } from './partnero.error.js';

/**
 * The first way of two in which sources put the same call; the second if the first isn't there, which
 * a 405 says, or one of the kinds given. Neither has done anything then.
 */
export async function orElse<T>(
  first: () => Promise<T>,
  second: () => Promise<T>,
  notThere: readonly PartneroErrorKind[] = [],
): Promise<T> {
  try {
    return await first();
  } catch (error) {
    if (!(error instanceof PartneroError)) throw error;
    if (error.status !== 405 && !notThere.includes(error.kind)) throw error;
    return second();
  }
}
