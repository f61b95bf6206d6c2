import type { CallOptions } from '../call-options.js';
import { validateInput } from '../validate-input.js';
import { CreateReferAFriendTransactionDto } from './create-refer-a-friend-transaction.dto.js';
import type { ReferAFriendTransaction } from './refer-a-friend-transaction.model.js';
import { transactionBody } from './transaction-body.js';
import { TransactionsBaseResource } from './transactions-base.resource.js';

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
    const body = transactionBody(sale, { amount: sale.amount }, this.apiVariants);
    const request = { method: 'POST', path: ['transactions'], body, exact: true } as const;
    return this.write(request, options);
  }
}
