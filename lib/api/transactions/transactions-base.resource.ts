import type { ApiCaller } from '../api.caller.js';
import { ApiResource } from '../api.resource.js';
import type { ApiVariants } from '../api.variants.js';
import type { CallOptions } from '../call-options.js';
import type { Listing } from '../listing.js';
import { orElse } from '../or-else.js';
import type { Page, SortedListOptions } from '../page.js';
import { PartneroError } from '../partnero.error.js';

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
export abstract class TransactionsBaseResource<TTransaction extends object> extends ApiResource {
  constructor(
    caller: ApiCaller,
    protected readonly apiVariants: ApiVariants,
  ) {
    super(caller);
  }

  /**
   * `GET /transactions/{key}`, with its rewards. [docs][n8n][wp] Where a key was recorded twice, it
   * isn't known which of the two this is: `list({ key })` has both.
   * @throws PartneroError `not_found`
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

  /** One page of {@link list}, counted from 1. */
  page(page: number, options: ListTransactionsOptions = {}): Promise<Page<TTransaction>> {
    return this.list(options).page(page);
  }

  /**
   * `DELETE /transactions/{key}`: for good; the commission is taken back. For refunds and chargebacks.
   * [docs][n8n][py][php] Where a key was recorded twice, it isn't known whether both go: look with
   * `list({ key })`. CONFLICT, form: by path [docs]; if that isn't there, or finds nothing though
   * `GET /transactions?key=` does, `DELETE /transactions` with the key in the body [docs][wp].
   * @throws PartneroError `not_found`
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

function unknownTransaction(): PartneroError {
  return new PartneroError({
    kind: 'not_found',
    status: 404,
    message: "DELETE /transactions/… found no such transaction in this key's program.",
  });
}
