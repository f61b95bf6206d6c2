import { ListedResource } from '../api.resource.js';
import type { CallOptions } from '../call-options.js';
import type { Listing } from '../listing.js';
import type { ListOptions, SortedListOptions } from '../page.js';
import type { Transaction } from '../transactions/transaction.model.js';
import { validateInput, withoutNulls } from '../validate-input.js';
import { CreateCustomerDto, UpdateCustomerDto } from './customer.dto.js';
import type { Customer } from './customer.model.js';

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

/** What customers of both kinds of program have in common. */
export abstract class CustomersBaseResource<
  TCustomer extends object,
  TOptions extends ListOptions,
> extends ListedResource<TCustomer, TOptions> {
  /**
   * `GET /customers/{key}`, in a refer-a-friend program `{id}`. May find by id or e-mail too: compare
   * the key of what is answered. [docs][php][n8n]
   */
  get(key: string, options: CallOptions = {}): Promise<TCustomer> {
    return this.read({ path: ['customers', key] }, options);
  }

  /** `DELETE /customers/{key}`: for good. [n8n][php][py][wp] */
  delete(key: string, options: CallOptions = {}): Promise<void> {
    return this.remove(['customers', key], options);
  }
}

/**
 * Plain calls to `/customers` of an affiliate program, without an outbox. Only calls that are safe to
 * repeat are retried. They reject with a `PartneroError`: `not_found` if there is no such customer. To
 * attribute a sign-up, use `@AttributeReferral()` or `PartneroService.attribute()` instead.
 */
export class CustomersResource extends CustomersBaseResource<Customer, ListCustomersOptions> {
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
    const update = validateInput(UpdateCustomerDto, changes);
    return this.writeChanges({ path: ['customers', key] }, update, options);
  }

  /**
   * `POST /customers/{key}/archive`. [n8n]
   * @experimental Known from the vendor's own client only.
   * @throws PartneroError `not_found`; `bad_request`: archived already
   */
  archive(key: string, options: CallOptions = {}): Promise<void> {
    return this.changeArchive(['customers', key, 'archive'], options);
  }

  /**
   * `POST /customers/{key}/revoke-archive`. [n8n]
   * @experimental Known from the vendor's own client only.
   * @throws PartneroError `not_found`; `bad_request`: not archived
   */
  restore(key: string, options: CallOptions = {}): Promise<void> {
    return this.changeArchive(['customers', key, 'revoke-archive'], options);
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

  /** `GET /customers:search`. Empty if nobody is found. [n8n][php][py] */
  search({ id, email }: SearchCustomersQuery, options: CallOptions = {}): Promise<Customer[]> {
    return this.find({ path: ['customers:search'], query: { id, email } }, options);
  }

  /** `GET /customers/{key}/transactions`. [docs][n8n][py] */
  transactions(key: string, options: ListOptions = {}): Listing<Transaction> {
    return this.listing({ path: ['customers', key, 'transactions'], exact: true }, options);
  }
}
