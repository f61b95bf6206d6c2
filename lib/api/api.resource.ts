import type { ApiCaller } from './api.caller.js';
import type { CallOptions } from './call-options.js';
import { Listing } from './listing.js';
import type { ListOptions } from './page.js';
import { PartneroError } from './partnero.error.js';
import { nameOf, type ApiRequest } from './request.js';

/** What all resources have in common: the ways to ask, and to read what comes back. */
export abstract class ApiResource {
  readonly #caller: ApiCaller;

  constructor(caller: ApiCaller) {
    this.#caller = caller;
  }

  /** A call that is done or fails. */
  protected async carryOut(request: ApiRequest, options: CallOptions): Promise<void> {
    await this.#caller.send({ ...request, ...own(options) });
  }

  /** A call that writes. Empty if the answer doesn't tell what was written: a 202 or 204. */
  protected async write<T extends object>(request: ApiRequest, options: CallOptions): Promise<T> {
    const { data } = await this.#caller.send<T>({ ...request, ...own(options) });
    return isObject<T>(data) ? data : ({} as T);
  }

  /** A call that asks for one thing. */
  protected async read<T extends object>(request: ApiRequest, options: CallOptions): Promise<T> {
    const { data } = await this.#caller.send<T>({ ...request, ...own(options) });
    if (isObject<T>(data)) return data;
    throw new PartneroError({
      kind: 'unreadable',
      message: `${nameOf(request)} was answered without what was asked for.`,
    });
  }

  /** Everything under a path, page by page. */
  protected listing<T>(request: ApiRequest, options: ListOptions): Listing<T> {
    return new Listing<T>(this.#caller, { ...request, ...own(options) }, options);
  }

  /** A search. Some answers may hold one thing instead of a list, and a 404 means nothing found. */
  protected async find<T>(request: ApiRequest, options: CallOptions): Promise<T[]> {
    try {
      const { data } = await this.#caller.send<T | T[]>({ ...request, ...own(options) });
      return data ? ([data].flat() as T[]) : [];
    } catch (error) {
      if (error instanceof PartneroError && error.kind === 'not_found') return [];
      throw error;
    }
  }
}

function own({ signal, timeoutMs, sendWithinMs, retries }: CallOptions): CallOptions {
  return { signal, timeoutMs, sendWithinMs, retries };
}

function isObject<T>(value: T | undefined): value is T {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
