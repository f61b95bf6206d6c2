import type { ApiCaller } from '../api/api.caller.js';
import type { ApiReadings } from '../api/api.readings.js';
import { ReferAFriendTransactionsResource } from '../api/transactions/refer-a-friend-transactions.resource.js';
import { TransactionsResource } from '../api/transactions/transactions.resource.js';
import type { CustomerId } from '../customer-id.js';
import type { ReferAFriendSale, Sale } from './sale.js';
import type { Kept, SalesService } from './sales.service.js';

/** `partnero.transactions` of an affiliate program: plain calls, and sales that are paid once. */
export class DurableTransactions extends TransactionsResource {
  readonly #sales: SalesService;

  constructor(caller: ApiCaller, readings: ApiReadings, sales: SalesService) {
    super(caller, readings);
    this.#sales = sales;
  }

  /**
   * Records a sale, once, however often it is told: by the webhook of a payment provider, say, which
   * delivers again. Resolves once it is kept durably; it is delivered behind the customer's own
   * attribution, and what became of it is told by `onOutcome` and `outbox.find()`. If your payment
   * provider is connected in Partnero, don't: it records the sales already.
   *
   * @example
   * await partnero.transactions.record({
   *   key: invoice.id,
   *   customer: { key: user.id },
   *   amount: fromMinorUnits(invoice.amount_paid, invoice.currency),
   * })
   * @throws PartneroError `invalid_input`; `outbox_unavailable` if it can't be kept: answer the provider
   * with an error, so that it delivers again
   */
  record(sale: Sale): Promise<Kept> {
    return this.#sales.record(sale);
  }

  /**
   * Takes a sale back, and its commission: the whole of it, since Partnero has no partial refunds. May
   * come before its sale, which then isn't sent. Resolves once it is kept durably.
   *
   * @param key that of the sale
   * @throws PartneroError `invalid_input`, `outbox_unavailable`
   */
  refund(key: CustomerId): Promise<Kept> {
    return this.#sales.refund(key);
  }
}

/** The same in a refer-a-friend program. */
export class DurableReferAFriendTransactions extends ReferAFriendTransactionsResource {
  readonly #sales: SalesService;

  constructor(caller: ApiCaller, readings: ApiReadings, sales: SalesService) {
    super(caller, readings);
    this.#sales = sales;
  }

  /**
   * Records a sale to a referred customer, once: see `record()` of affiliate programs.
   * @throws PartneroError `invalid_input`, `outbox_unavailable`
   */
  record(sale: ReferAFriendSale): Promise<Kept> {
    return this.#sales.record(sale);
  }

  /**
   * Takes a sale back: see `refund()` of affiliate programs.
   * @throws PartneroError `invalid_input`, `outbox_unavailable`
   */
  refund(key: CustomerId): Promise<Kept> {
    return this.#sales.refund(key);
  }
}
