import type { ApiCaller } from './api.caller.js';
import { DEFAULT_LIMIT, pageOf, type ListOptions, type Page } from './page.js';
import { PartneroError } from './partnero.error.js';
import type { ApiRequest } from './request.js';

const MAX_PAGES = 10_000;

/**
 * A list of Partnero's: all of it, page by page as you go, or a single page.
 *
 * @example
 * for await (const link of partnero.links.ofPartner('partner_1')) { … }
 * const { items, hasNext } = await partnero.links.ofPartner('partner_1').page(2)
 */
export class Listing<T> implements AsyncIterable<T> {
  readonly #caller: ApiCaller;
  readonly #request: ApiRequest;
  readonly #limit: number;

  constructor(caller: ApiCaller, request: ApiRequest, { limit = DEFAULT_LIMIT }: ListOptions) {
    this.#caller = caller;
    this.#request = request;
    this.#limit = limit;
  }

  /**
   * One page, counted from 1.
   * @throws PartneroError
   */
  async page(page: number): Promise<Page<T>> {
    const query = { ...this.#request.query, limit: this.#limit, page };
    const envelope = await this.#caller.send<T[]>({ ...this.#request, query });
    return pageOf(envelope, page, this.#limit);
  }

  /** @throws PartneroError also `unreadable`, if a page repeats the one before or after 10,000 pages */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    let before = '';
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      const { items, hasNext } = await this.page(page);
      const rows = JSON.stringify(items);
      if (rows === before) throw endless(`Page ${page} of a list repeats the page before it.`);
      before = rows;
      yield* items;
      if (!hasNext) return;
    }
    throw endless(`A list has more than ${MAX_PAGES} pages.`);
  }
}

function endless(what: string): PartneroError {
  return new PartneroError({
    kind: 'unreadable',
    message: `${what} Reading on would never end. Ask for single pages with page().`,
  });
}
