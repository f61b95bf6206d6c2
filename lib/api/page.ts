import type { Envelope } from './envelope.js';

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Counted from 1. */
  readonly page: number;
  readonly hasNext: boolean;
}

/** Options that every list shares. */
export interface ListOptions {
  /** Rows a request, 1 to 250. Default 100, the most that every endpoint takes. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export const DEFAULT_LIMIT = 100;

/**
 * Partnero's lists have no total. The last page has `links.next: null`; where `links` is missing, it
 * is the first that isn't full. The URL in `links.next` is never followed: it may lose the filters,
 * and it must not get the API key.
 */
export function pageOf<T>(envelope: Envelope<T[]>, page: number, limit: number): Page<T> {
  const items = Array.isArray(envelope.data) ? envelope.data : [];
  const { links, meta } = envelope;
  const perPage = meta?.per_page ?? limit;
  const more = links ? Boolean(links.next) : items.length >= perPage;
  return { items, page, hasNext: more && items.length > 0 };
}

/** All items of a list, page by page as they are asked for. */
export async function* everyItem<T>(
  fetch: (page: number) => Promise<Page<T>>,
): AsyncGenerator<T, void, undefined> {
  for (let page = 1; ; page += 1) {
    const { items, hasNext } = await fetch(page);
    yield* items;
    if (!hasNext) return;
  }
}
