import type { ApiCaller } from '../api/api.caller.js';
import type { ApiVariants } from '../api/api.variants.js';
import {
  ReferAFriendTransactionsResource,
  TransactionsResource,
} from '../api/transactions/transactions.resource.js';
import type { CustomerId } from '../common/customer-id.js';
import type { ReferAFriendSale, Sale } from './sale.js';
import type { SubmittedSale, SalesService } from './sales.service.js';

/** `partnero.transactions` of an affiliate program: plain calls, and sales that are paid once. */
export class DurableTransactions extends TransactionsResource {
  readonly #sales: SalesService;

  constructor(caller: ApiCaller, apiVariants: ApiVariants, sales: SalesService) {
    super(caller, apiVariants);
    this.#sales = sales;
  }

  /**
   * Records a sale once, however often it is submitted, such as by a payment provider that repeats its
   * webhooks. Resolves once the sale is saved in the outbox. It is delivered after the customer's own
   * attribution; `onOutcome` and `outbox.find()` report its outcome. Don't use it if your payment
   * provider is connected in Partnero, which then records the sales itself.
   *
   * @example
   * await partnero.transactions.record({
   *   key: invoice.id,
   *   customer: { key: user.id },
   *   amount: fromMinorUnits(invoice.amount_paid, invoice.currency),
   * })
   * @throws PartneroError `invalid_input`; `outbox_unavailable` if it can't be saved: respond to the
   * provider with an error, so that it sends the webhook again
   */
  record(sale: Sale): Promise<SubmittedSale> {
    return this.#sales.record(sale);
  }

  /**
   * Takes a sale back with its commission: all of it, since Partnero has no partial refunds. May be
   * called before the sale is recorded, which then isn't sent. Resolves once the refund is saved.
   *
   * @param key the sale's key
   * @throws PartneroError `invalid_input`, `outbox_unavailable`
   */
  refund(key: CustomerId): Promise<SubmittedSale> {
    return this.#sales.refund(key);
  }
}

/** The same in a refer-a-friend program. */
export class DurableReferAFriendTransactions extends ReferAFriendTransactionsResource {
  readonly #sales: SalesService;

  constructor(caller: ApiCaller, apiVariants: ApiVariants, sales: SalesService) {
    super(caller, apiVariants);
    this.#sales = sales;
  }

  /**
   * Records a sale to a referred customer, once: see `record()` of affiliate programs.
   * @throws PartneroError `invalid_input`, `outbox_unavailable`
   */
  record(sale: ReferAFriendSale): Promise<SubmittedSale> {
    return this.#sales.record(sale);
  }

  /**
   * Takes a sale back: see `refund()` of affiliate programs.
   * @throws PartneroError `invalid_input`, `outbox_unavailable`
   */
  refund(key: CustomerId): Promise<SubmittedSale> {
    return this.#sales.refund(key);
  }
}
