import type { CallOptions } from '../call-options.js';
import { fieldsOf } from '../fields-of.js';
import type { Listing } from '../listing.js';
import type { ListOptions, Page, SortedListOptions } from '../page.js';
import type { Transaction } from '../transactions/transaction.model.js';
import { updateInEitherForm } from '../update-in-either-form.js';
import { validateInput } from '../validate-input.js';
import { withoutNulls } from '../without-nulls.js';
import { CreateCustomerDto } from './create-customer.dto.js';
import type { Customer } from './customer.model.js';
import { CustomersBaseResource } from './customers-base.resource.js';
import { UpdateCustomerDto } from './update-customer.dto.js';

/** Which customers of an affiliate program to list. */
export interface ListCustomersOptions extends SortedListOptions {
  /** Only those of this partner. */
  readonly partner?: { readonly key?: string; readonly email?: string } | undefined;
}

/** Whom to search for in an affiliate program. */
export interface SearchCustomersQuery {
  readonly id?: string | undefined;
  readonly email?: string | undefined;
}

/**
 * Plain calls to `/customers` of an affiliate program, without an outbox; only what does no more when
 * it is carried out twice is repeated. They reject with a `PartneroError`. To attribute a sign-up, use
 * `@AttributeReferral()` or `PartneroService.attribute()` instead.
 */
export class CustomersResource extends CustomersBaseResource<Customer> {
  /**
   * `POST /customers`. [seed] A key that exists is refused. CONFLICT, status of that: 422 or 409.
   * CONFLICT, status of success: any 2xx.
   * @example
   * await partnero.customers.create({ key: 'user-42', email: 'a@b.com', partner: { key: 'ann' } })
   * @throws PartneroError `bad_request`: an unknown partner; `validation`, `conflict`: the key is taken
   */
  async create(input: CreateCustomerDto, options: CallOptions = {}): Promise<Customer> {
    const body = withoutNulls(validateInput(CreateCustomerDto, input));
    return this.write({ method: 'POST', path: ['customers'], body }, options);
  }

  /**
   * `PUT /customers/{key}`; what is absent stays as it is. [docs][php] CONFLICT, form of the body:
   * wrapped in `update` [docs]; if that is refused or ignored, flat [n8n][py].
   * @throws PartneroError `not_found`; `validation`, `conflict`: the new key is taken
   */
  async update(
    key: string,
    changes: UpdateCustomerDto,
    options: CallOptions = {},
  ): Promise<Customer> {
    const update = fieldsOf(validateInput(UpdateCustomerDto, changes));
    const path = ['customers', key];
    return updateInEitherForm<Customer>(
      update,
      () => this.write({ method: 'PUT', path, body: { update } }, options),
      () => this.write({ method: 'PUT', path, body: update }, options),
    );
  }

  /**
   * `POST /customers/{key}/archive`. [n8n]
   * @experimental Known from the vendor's own client only.
   * @throws PartneroError `not_found`; `bad_request`: archived already
   */
  archive(key: string, options: CallOptions = {}): Promise<void> {
    return this.#changeArchive(key, 'archive', options);
  }

  /**
   * `POST /customers/{key}/revoke-archive`. [n8n]
   * @experimental Known from the vendor's own client only.
   * @throws PartneroError `not_found`; `bad_request`: not archived
   */
  restore(key: string, options: CallOptions = {}): Promise<void> {
    return this.#changeArchive(key, 'revoke-archive', options);
  }

  /**
   * `GET /customers`. [docs] CONFLICT, name of the filter: sent under both, `partner.key` [docs] and
   * `partner_key` [n8n].
   * @example
   * for await (const customer of partnero.customers.list({ partner: { key: 'ann' } })) { … }
   */
  list(options: ListCustomersOptions = {}): Listing<Customer> {
    const { partner, sort } = options;
    const query = {
      sort,
      'partner.key': partner?.key,
      partner_key: partner?.key,
      'partner.email': partner?.email,
      partner_email: partner?.email,
    };
    return this.listing({ path: ['customers'], query }, options);
  }

  /** One page of {@link list}, counted from 1. */
  page(page: number, options: ListCustomersOptions = {}): Promise<Page<Customer>> {
    return this.list(options).page(page);
  }

  /** `GET /customers:search`. Empty if nobody is found. [n8n][php][py] */
  search({ id, email }: SearchCustomersQuery, options: CallOptions = {}): Promise<Customer[]> {
    return this.find({ path: ['customers:search'], query: { id, email } }, options);
  }

  /** `GET /customers/{key}/transactions`. [docs][n8n][py] */
  transactions(key: string, options: ListOptions = {}): Listing<Transaction> {
    return this.listing({ path: ['customers', key, 'transactions'], exact: true }, options);
  }

  #changeArchive(key: string, action: string, options: CallOptions): Promise<void> {
    const path = ['customers', key, action];
    const request = { method: 'POST', path, repeatable: true, doneIf: 'bad_request' } as const;
    return this.carryOut(request, options);
  }
}
