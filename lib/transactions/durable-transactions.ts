import type {
  ReferAFriendTransactionsResource,
  TransactionsResource,
} from '../api/transactions/transactions.resource.js';
import type { CustomerId } from '../common/customer-id.js';
import type { ReferAFriendSale, Sale } from './sale.js';
import type { SalesService, SubmittedSale } from './sales.service.js';

interface Durable<TSale> {
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
  record(sale: TSale): Promise<SubmittedSale>;

  /**
   * Takes a sale back with its commission: all of it, since Partnero has no partial refunds. May be
   * called before the sale is recorded, which then isn't sent. Resolves once the refund is saved.
   *
   * @param key the sale's key
   * @throws PartneroError `invalid_input`, `outbox_unavailable`
   */
  refund(key: CustomerId): Promise<SubmittedSale>;
}

/** `partnero.transactions` of an affiliate program: plain calls, and sales that are paid once. */
export interface DurableTransactions extends TransactionsResource, Durable<Sale> {}

/** The same in a refer-a-friend program. */
export interface DurableReferAFriendTransactions
  extends ReferAFriendTransactionsResource, Durable<ReferAFriendSale> {}

export function withSales<T extends object>(transactions: T, sales: SalesService) {
  return Object.assign<T, Durable<Sale | ReferAFriendSale>>(transactions, {
    record: (sale) => sales.record(sale),
    refund: (key) => sales.refund(key),
  });
}
