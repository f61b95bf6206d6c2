import type { CallOptions } from './call-options.js';
import type { Envelope } from './envelope.js';
import { PartneroError } from './partnero.error.js';

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Counted from 1. */
  readonly page: number;
  readonly hasNext: boolean;
}

/** Options that every list shares. Time limit and retries are those of each page. */
export interface ListOptions extends CallOptions {
  /** Rows a request, 1 to 250. Default 100, the most that every endpoint takes. */
  readonly limit?: number | undefined;
}

/** {@link ListOptions} of lists that the vendor's own client sorts. */
export interface SortedListOptions extends ListOptions {
  /**
   * By creation.
   * @experimental Not in the public documentation; sent by the vendor's own client.
   */
  readonly sort?: 'asc' | 'desc' | undefined;
}

export const DEFAULT_LIMIT = 100;

/**
 * Partnero's lists have no total. The last page has `links.next: null`; where `links` is missing, it
 * is the first that isn't full. The URL in `links.next` is never followed: it may lose the filters,
 * and it must not get the API key.
 *
 * @throws PartneroError `unreadable` if it is another page: going on would never end
 */
export function pageOf<T>(envelope: Envelope<T[]>, page: number, limit: number): Page<T> {
  const items = Array.isArray(envelope.data) ? envelope.data : [];
  const { links, meta } = envelope;
  if (typeof meta?.current_page === 'number' && meta.current_page !== page) {
    throw new PartneroError({
      kind: 'unreadable',
      message: `Page ${page} of a list was asked for, and page ${meta.current_page} was answered.`,
    });
  }
  const perPage = meta?.per_page ?? limit;
  const more = links ? Boolean(links.next) : items.length >= perPage;
  return { items, page, hasNext: more && items.length > 0 };
}
