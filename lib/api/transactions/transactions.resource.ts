import type { ApiCaller } from '../api.caller.js';
import { ListedResource } from '../api.resource.js';
import type { ApiVariants } from '../api.variants.js';
import type { CallOptions } from '../call-options.js';
import { orElse } from '../either-form.js';
import type { Listing } from '../listing.js';
import type { SortedListOptions } from '../page.js';
import { PartneroError } from '../partnero.error.js';
import { validateInput } from '../validate-input.js';
import { transactionBody } from './transaction-body.js';
import { CreateReferAFriendTransactionDto, CreateTransactionDto } from './transaction.dto.js';
import type { ReferAFriendTransaction, Transaction } from './transaction.model.js';

/** Which transactions to list. */
export interface ListTransactionsOptions extends SortedListOptions {
  /** Only those with this key: more than one if it was recorded more than once. */
  readonly key?: string | undefined;
  /**
   * Affiliate programs: only those that count for this partner.
   * @experimental Not in the public documentation: Partnero may ignore it and answer all.
   */
  readonly partner?: { readonly key?: string; readonly email?: string } | undefined;
  /**
   * Only those of this customer.
   * @experimental Not in the public documentation: Partnero may ignore it and answer all. Affiliate
   * programs have `customers.transactions()`.
   */
  readonly customer?: { readonly key?: string } | undefined;
}

/** What transactions of both kinds of program have in common. */
abstract class TransactionsBaseResource<TTransaction extends object> extends ListedResource<
  TTransaction,
  ListTransactionsOptions
> {
  constructor(
    caller: ApiCaller,
    protected readonly apiVariants: ApiVariants,
  ) {
    super(caller);
  }

  /**
   * `GET /transactions/{key}`, with its rewards. [docs][n8n][wp] Where a key was recorded twice, it
   * isn't known which of the two this is: `list({ key })` has both.
   */
  get(key: string, options: CallOptions = {}): Promise<TTransaction> {
    return this.read({ path: ['transactions', key], exact: true }, options);
  }

  /**
   * `GET /transactions`. [docs][old-docs][n8n] CONFLICT, names of the filters beside `key`: sent under
   * both, dotted [old-docs] and with an underscore [n8n].
   */
  list(options: ListTransactionsOptions = {}): Listing<TTransaction> {
    const { key, partner, customer, sort } = options;
    const query = {
      key,
      sort,
      'partner.key': partner?.key,
      partner_key: partner?.key,
      'partner.email': partner?.email,
      partner_email: partner?.email,
      'customer.key': customer?.key,
      customer_key: customer?.key,
    };
    return this.listing({ path: ['transactions'], query, exact: true }, options);
  }

  /**
   * `DELETE /transactions/{key}`: for good; the commission is taken back. For refunds and chargebacks.
   * [docs][n8n][py][php] Where a key was recorded twice, it isn't known whether both go: look with
   * `list({ key })`. CONFLICT, form: by path [docs]; if that isn't there, or finds nothing though
   * `GET /transactions?key=` does, `DELETE /transactions` with the key in the body [docs][wp].
   */
  delete(key: string, options: CallOptions = {}): Promise<void> {
    const request = { method: 'DELETE', doneIf: 'not_found' } as const;
    return orElse(
      () => this.carryOut({ ...request, path: ['transactions', key] }, options),
      async () => {
        const { items } = await this.page(1, { ...options, key, limit: 10 });
        if (items.length === 0) throw unknownTransaction();
        await this.carryOut({ ...request, path: ['transactions'], body: { key } }, options);
      },
      ['not_found'],
    );
  }
}

/**
 * Plain calls to `/transactions` of an affiliate program. They reject with a `PartneroError`:
 * `not_found` if there is no such transaction. If a payment provider (Stripe, Paddle, Chargebee, …) is
 * connected in Partnero, it creates the transactions already: creating them here as well pays twice.
 */
export class TransactionsResource extends TransactionsBaseResource<Transaction> {
  /**
   * `POST /transactions`: records a sale, once for each call. [docs]
   *
   * This is the plain call, and it protects from nothing. CONFLICT, keys: Partnero may record the same
   * `key` twice and pay twice [n8n], or refuse it [docs][old-docs]. So it is never repeated here, and
   * after an error that is `ambiguous` don't repeat it either before `list({ key })` has shown, a
   * minute later, that it isn't there. CONFLICT, unknown partner of a customer who is created along:
   * refused [seed][n8n], or ignored [wild]. CONFLICT, place of that partner: sent in both. CONFLICT,
   * `created_at`: see the option `apiVariants.saleTime`.
   *
   * @example
   * await partnero.transactions.create({
   *   key: 'order-1',
   *   customer: { key: 'user-42' },
   *   amount: { amount: '49.00', currency: 'USD' },
   * })
   * @throws PartneroError `validation`, `not_found`, `bad_request`: a field is wrong, or the customer
   * counts for nobody
   */
  async create(input: CreateTransactionDto, options: CallOptions = {}): Promise<Transaction> {
    const sale = validateInput(CreateTransactionDto, input);
    const { partner } = sale.customer;
    const body = { ...transactionBody(sale, this.apiVariants), ...(partner ? { partner } : {}) };
    const request = { method: 'POST', path: ['transactions'], body, exact: true } as const;
    return this.write(request, options);
  }

  /**
   * `POST /transactions/{key}/archive`: hides it and its rewards, until it is restored. [docs]
   * @throws PartneroError `not_found`; `bad_request`: archived already
   */
  archive(key: string, options: CallOptions = {}): Promise<void> {
    return this.changeArchive(['transactions', key, 'archive'], options);
  }

  /**
   * `POST /transactions/{key}/revoke-archive`. [docs]
   * @throws PartneroError `not_found`; `bad_request`: not archived
   */
  restore(key: string, options: CallOptions = {}): Promise<void> {
    return this.changeArchive(['transactions', key, 'revoke-archive'], options);
  }
}

/**
 * Plain calls to `/transactions` of a refer-a-friend program. They reject with a `PartneroError`. If a
 * payment provider is connected in Partnero, creating transactions here as well pays twice.
 */
export class ReferAFriendTransactionsResource extends TransactionsBaseResource<ReferAFriendTransaction> {
  /**
   * `POST /transactions`: records a sale to a referred customer, once for each call. [docs][old-docs]
   *
   * This is the plain call, and it protects from nothing: what is said of `create` in affiliate
   * programs holds here too.
   *
   * @example
   * await partnero.transactions.create({
   *   key: 'order-1',
   *   customer: { id: 'user-42' },
   *   amount: fromMinorUnits(4900, 'USD'),
   * })
   * @throws PartneroError `validation`, `not_found`, `bad_request`: a field is wrong, or nobody referred
   * the customer
   */
  async create(
    input: CreateReferAFriendTransactionDto,
    options: CallOptions = {},
  ): Promise<ReferAFriendTransaction> {
    const sale = validateInput(CreateReferAFriendTransactionDto, input);
    const body = transactionBody(sale, this.apiVariants);
    const request = { method: 'POST', path: ['transactions'], body, exact: true } as const;
    return this.write(request, options);
  }
}

function unknownTransaction(): PartneroError {
  return new PartneroError({
    kind: 'not_found',
    status: 404,
    message: "DELETE /transactions/… found no such transaction in this key's program.",
  });
}
