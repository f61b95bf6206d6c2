import { isObject } from '../common/is-object.js';
import type { ApiCaller } from './api.caller.js';
import type { CallOptions } from './call-options.js';
import { updateInEitherForm } from './either-form.js';
import { Listing } from './listing.js';
import type { ListOptions, Page } from './page.js';
import { PartneroError } from './partnero.error.js';
import { nameOf, type ApiRequest } from './request.js';
import { fieldsOf } from './validate-input.js';

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

  /** `DELETE`. Repeated if need be: what is gone then was deleted. */
  protected remove(path: readonly string[], options: CallOptions): Promise<void> {
    return this.carryOut({ method: 'DELETE', path, doneIf: 'not_found' }, options);
  }

  /** `archive` or `revoke-archive`. Repeated if need be: what is refused then is done already. */
  protected changeArchive(path: readonly string[], options: CallOptions): Promise<void> {
    const request = { method: 'POST', path, repeatable: true, doneIf: 'bad_request' } as const;
    return this.carryOut(request, options);
  }

  /** A call that writes. Empty if the answer doesn't tell what was written: a 202 or 204. */
  protected async write<T extends object>(request: ApiRequest, options: CallOptions): Promise<T> {
    const { data } = await this.#caller.send<T>({ ...request, ...own(options) });
    return isObject(data) ? data : ({} as T);
  }

  /** `PUT` of changes, wrapped in `update`; flat if that is refused or ignored. */
  protected async writeChanges<T extends object>(
    request: ApiRequest,
    changes: object,
    options: CallOptions,
  ): Promise<T> {
    const update = fieldsOf(changes);
    const put = (body: object) => this.write<T>({ ...request, method: 'PUT', body }, options);
    return updateInEitherForm(
      update,
      () => put({ update }),
      () => put(update),
    );
  }

  /** A call that asks for one thing. */
  protected async read<T extends object>(request: ApiRequest, options: CallOptions): Promise<T> {
    const { data } = await this.#caller.send<T>({ ...request, ...own(options) });
    if (isObject(data)) return data;
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

/** A resource that can be listed. */
export abstract class ListedResource<T, TOptions extends ListOptions> extends ApiResource {
  abstract list(options?: TOptions): Listing<T>;

  /** One page of {@link list}, counted from 1. */
  page(page: number, options?: TOptions): Promise<Page<T>> {
    return this.list(options).page(page);
  }
}

function own({ signal, timeoutMs, sendWithinMs, retries }: CallOptions): CallOptions {
  return { signal, timeoutMs, sendWithinMs, retries };
}
