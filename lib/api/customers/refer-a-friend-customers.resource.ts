import type { CallOptions } from '../call-options.js';
import { orElse } from '../either-form.js';
import type { Listing } from '../listing.js';
import { canonicalMoney } from '../money/money.js';
import type { ListOptions } from '../page.js';
import { validateInput, withoutNulls } from '../validate-input.js';
import {
  CreateReferredCustomerDto,
  CreditBalanceDto,
  InviteCustomerDto,
  UpdateReferAFriendCustomerDto,
} from './customer.dto.js';
import type { CustomerBalance, ReferAFriendCustomer } from './customer.model.js';
import { CustomersBaseResource } from './customers.resource.js';

/** Which customers of a refer-a-friend program to list. */
export interface ListReferAFriendCustomersOptions extends ListOptions {
  readonly referStatus?: 'referred' | 'non_referred' | undefined;
}

/** Whom to search for in a refer-a-friend program. */
export interface SearchReferAFriendCustomersQuery {
  readonly id?: string | undefined;
  readonly key?: string | undefined;
  readonly email?: string | undefined;
}

/**
 * Plain calls to `/customers` of a refer-a-friend program, where customers refer customers. As in
 * affiliate programs there is no outbox, and only calls that are safe to repeat are retried. They reject
 * with a `PartneroError`: `not_found` if there is no such customer.
 */
export class ReferAFriendCustomersResource extends CustomersBaseResource<
  ReferAFriendCustomer,
  ListReferAFriendCustomersOptions
> {
  /**
   * `POST /customers`. [docs] CONFLICT, e-mail: optional [docs] or required [old-docs]; better give it.
   * @example
   * await partnero.customers.create({ id: 'user-42', email: 'a@b.com', referring_customer: { key } })
   * @throws PartneroError `bad_request`: an unknown referrer; `validation`, `conflict`: the id or key is
   * taken
   */
  async create(
    input: CreateReferredCustomerDto,
    options: CallOptions = {},
  ): Promise<ReferAFriendCustomer> {
    const body = withoutNulls(validateInput(CreateReferredCustomerDto, input));
    return this.write({ method: 'POST', path: ['customers'], body }, options);
  }

  /**
   * `PUT /customers/{id}`; what is absent stays as it is. CONFLICT, form: wrapped in `update` [docs]; if
   * that is refused or ignored, flat [n8n]; if the path isn't there, `PUT /customers` with the id in the
   * body [php].
   */
  async update(
    id: string,
    changes: UpdateReferAFriendCustomerDto,
    options: CallOptions = {},
  ): Promise<ReferAFriendCustomer> {
    const update = validateInput(UpdateReferAFriendCustomerDto, changes);
    const body = { id, update };
    return orElse<ReferAFriendCustomer>(
      () => this.writeChanges({ path: ['customers', id] }, update, options),
      () => this.write({ method: 'PUT', path: ['customers'], body }, options),
      ['not_found'],
    );
  }

  /** `GET /customers`. [docs][old-docs][php] */
  list(options: ListReferAFriendCustomersOptions = {}): Listing<ReferAFriendCustomer> {
    const query = { refer_status: options.referStatus };
    return this.listing({ path: ['customers'], query }, options);
  }

  /** `GET /customers:search`. Empty if nobody is found. [php][n8n] */
  search(
    { id, key, email }: SearchReferAFriendCustomersQuery,
    options: CallOptions = {},
  ): Promise<ReferAFriendCustomer[]> {
    return this.find({ path: ['customers:search'], query: { id, key, email } }, options);
  }

  /** `GET /customers/{id}/referrals`: whom this customer has referred. [php][wild] */
  referrals(id: string, options: ListOptions = {}): Listing<ReferAFriendCustomer> {
    return this.listing({ path: ['customers', id, 'referrals'] }, options);
  }

  /**
   * `GET /customers/{id}/stats`. [php][wild]
   * @experimental What it answers isn't publicly known.
   */
  stats(id: string, options: CallOptions = {}): Promise<Readonly<Record<string, unknown>>> {
    return this.read({ path: ['customers', id, 'stats'], exact: true }, options);
  }

  /** `GET /customers/{id}/balance`. Amounts are decimal strings. [old-docs][php] */
  balance(id: string, options: CallOptions = {}): Promise<CustomerBalance> {
    return this.read({ path: ['customers', id, 'balance'], exact: true }, options);
  }

  /**
   * `POST /customers/{id}/balance/credit`. [docs][old-docs][php] Carried out twice it credits twice, and
   * Partnero offers nothing against that: never repeated here. After an error that is `ambiguous`, look
   * at the {@link balance} first.
   * @example
   * await partnero.customers.credit('user-42', { amount: fromMinorUnits(500, 'USD') })
   */
  async credit(id: string, input: CreditBalanceDto, options: CallOptions = {}): Promise<void> {
    const { amount: given, is_currency = true } = validateInput(CreditBalanceDto, input);
    const { amount, currency } = canonicalMoney(given);
    // In lower case, as in all that is published of this call.
    const amount_units = is_currency ? currency.toLowerCase() : currency;
    const body = { amount: Number(amount), amount_units, is_currency };
    const path = ['customers', id, 'balance', 'credit'];
    await this.carryOut({ method: 'POST', path, body }, options);
  }

  /**
   * `POST /customers:invite`: Partnero writes an e-mail. [php] Never repeated.
   * @experimental Known from the vendor's PHP SDK only.
   */
  async invite(input: InviteCustomerDto, options: CallOptions = {}): Promise<void> {
    const body = validateInput(InviteCustomerDto, input);
    await this.carryOut({ method: 'POST', path: ['customers:invite'], body }, options);
  }
}
