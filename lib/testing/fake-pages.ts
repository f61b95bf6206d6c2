import { refusal, success, type FakeAnswer } from './fake-answer.js';
import type { FakeApiVariants } from './fake-api-variants.js';

const DEFAULT_LIMIT = 15;

/** One page of a list, without a total, as Laravel's simple pagination has it. */
export function paginate<T>(
  rows: readonly T[],
  query: Readonly<Record<string, string>>,
  apiVariants: FakeApiVariants,
  path: string,
  show: (row: T) => unknown,
): FakeAnswer {
  const limit = Number(query['limit'] ?? DEFAULT_LIMIT);
  const page = Number(query['page'] ?? 1);
  const { minLimit, maxLimit } = apiVariants;
  if (!Number.isInteger(limit) || limit < minLimit || limit > maxLimit) {
    const message = `The limit must be between ${minLimit} and ${maxLimit}.`;
    return refusal(apiVariants, 422, message, { limit: [message] });
  }
  if (!Number.isInteger(page) || page < 1) {
    const message = 'The page must be at least 1.';
    return refusal(apiVariants, 422, message, { page: [message] });
  }
  const from = (page - 1) * limit;
  const items = rows.slice(from, from + limit);
  const url = (n: number) => `https://api.partnero.com/v1${path}?page=${n}`;
  const empty = items.length === 0;
  return success(apiVariants, items.map(show), 200, {
    links: {
      first: url(1),
      last: null,
      prev: page > 1 ? url(page - 1) : null,
      next: from + limit < rows.length ? url(page + 1) : null,
    },
    meta: {
      current_page: page,
      from: empty ? null : from + 1,
      path,
      per_page: limit,
      to: empty ? null : from + items.length,
    },
  });
}
