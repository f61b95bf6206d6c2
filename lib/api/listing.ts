import type { ApiCaller } from './api.caller.js';
import { DEFAULT_LIMIT, pageOf, type ListOptions, type Page } from './page.js';
import type { ApiRequest } from './request.js';

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

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (let page = 1; ; page += 1) {
      const { items, hasNext } = await this.page(page);
      yield* items;
      if (!hasNext) return;
    }
  }
}
