import type { CallOptions } from '../call-options.js';
import type { Envelope } from '../envelope.js';
import { DEFAULT_LIMIT, everyItem, pageOf, type ListOptions, type Page } from '../page.js';
import { PartneroError } from '../partnero.error.js';
import type { PartneroApiClient } from '../partnero-api.client.js';
import { validateInput } from '../validate-input.js';
import { CreateCustomerDto } from './create-customer.dto.js';
import { CreateReferredCustomerDto } from './create-referred-customer.dto.js';
import type { Customer } from './customer.model.js';
import { UpdateCustomerDto } from './update-customer.dto.js';

/** Which customers to list. */
export interface ListCustomersOptions extends ListOptions {
  /** Affiliate programs: only those of this partner. */
  readonly partner?: { readonly key?: string; readonly email?: string } | undefined;
  /** Refer-a-friend programs. */
  readonly referStatus?: 'referred' | 'non_referred' | undefined;
  /** By creation. Not in the public documentation; sent by the vendor's own client. */
  readonly sort?: 'asc' | 'desc' | undefined;
}

/** Whom to search for. By `key` only in refer-a-friend programs, says the vendor's own client. */
export interface SearchCustomersQuery {
  readonly id?: string | undefined;
  readonly email?: string | undefined;
  readonly key?: string | undefined;
}

/** Body of *create customer*: the one of the program type that the API key belongs to. */
export type CreateCustomerInput = CreateCustomerDto | CreateReferredCustomerDto;

/**
 * Plain calls to `/customers`: one request each, no retry, no outbox. They reject with a
 * `PartneroError`. To attribute a sign-up, use `@AttributeReferral()` or
 * `PartneroService.attribute()` instead.
 */
export class CustomersResource {
  readonly #client: PartneroApiClient;
  readonly #program: 'affiliate' | 'refer-a-friend';

  constructor(client: PartneroApiClient, program: 'affiliate' | 'refer-a-friend') {
    this.#client = client;
    this.#program = program;
  }

  /**
   * `POST /customers`. A key that exists is refused (`validation`, perhaps `conflict`).
   * @example
   * await partnero.customers.create({ key: 'user-42', email: 'a@b.com', partner: { key: 'ann' } })
   */
  async create(input: CreateCustomerInput, options: CallOptions = {}): Promise<Customer> {
    const dto = this.#program === 'affiliate' ? CreateCustomerDto : CreateReferredCustomerDto;
    const body = withoutNulls(validateInput<CreateCustomerInput>(dto, input));
    return this.#one({ method: 'POST', path: ['customers'], body, ...options });
  }

  /** `GET /customers/{key}`. May find by id or e-mail too: compare the key of what is answered. */
  async get(key: string, options: CallOptions = {}): Promise<Customer> {
    const customer = await this.#one({ path: ['customers', key], ...options });
    if (customer && typeof customer === 'object') return customer;
    throw new PartneroError({
      kind: 'unreadable',
      message: 'GET /customers/… was answered without a customer.',
    });
  }

  /** `PUT /customers/{key}`; what is absent stays as it is. */
  async update(
    key: string,
    changes: UpdateCustomerDto,
    options: CallOptions = {},
  ): Promise<Customer> {
    const update = validateInput(UpdateCustomerDto, changes);
    return this.#one({ method: 'PUT', path: ['customers', key], body: { update }, ...options });
  }

  /** `DELETE /customers/{key}`: for good. */
  async delete(key: string, options: CallOptions = {}): Promise<void> {
    await this.#client.send({ method: 'DELETE', path: ['customers', key], ...options });
  }

  /** `POST /customers/{key}/archive`. Affiliate programs. */
  async archive(key: string, options: CallOptions = {}): Promise<void> {
    const path = ['customers', key, 'archive'];
    await this.#client.send({ method: 'POST', path, ...options });
  }

  /** `POST /customers/{key}/revoke-archive`. Affiliate programs. */
  async restore(key: string, options: CallOptions = {}): Promise<void> {
    const path = ['customers', key, 'revoke-archive'];
    await this.#client.send({ method: 'POST', path, ...options });
  }

  /**
   * `GET /customers`, page by page as you go.
   * @example
   * for await (const customer of partnero.customers.list({ partner: { key: 'ann' } })) { … }
   */
  list(options: ListCustomersOptions = {}): AsyncIterable<Customer> {
    return everyItem((page) => this.page(page, options));
  }

  /** One page of `GET /customers`, counted from 1. */
  async page(page: number, options: ListCustomersOptions = {}): Promise<Page<Customer>> {
    const { limit = DEFAULT_LIMIT, partner, referStatus, sort, signal } = options;
    const query = {
      limit,
      page,
      sort,
      refer_status: referStatus,
      'partner.key': partner?.key,
      'partner.email': partner?.email,
    };
    const envelope = await this.#client.send<Customer[]>({ path: ['customers'], query, signal });
    return pageOf(envelope, page, limit);
  }

  /** `GET /customers:search`. Empty if nobody is found. */
  async search(query: SearchCustomersQuery, options: CallOptions = {}): Promise<Customer[]> {
    const { id, email, key } = query;
    try {
      const path = ['customers:search'];
      const { data } = await this.#client.send<Customer | Customer[]>({
        path,
        query: { id, email, key },
        ...options,
      });
      return data ? [data].flat() : [];
    } catch (error) {
      if (error instanceof PartneroError && error.kind === 'not_found') return [];
      throw error;
    }
  }

  async #one(request: Parameters<PartneroApiClient['send']>[0]): Promise<Customer> {
    const { data }: Envelope<Customer> = await this.#client.send<Customer>(request);
    // A 202 or 204 tells nothing of the customer.
    return data ?? {};
  }
}

/** Entities have `null` where Partnero wants nothing. */
function withoutNulls<T extends object>(value: T): Partial<T> {
  const entries = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(entries) as Partial<T>;
}
