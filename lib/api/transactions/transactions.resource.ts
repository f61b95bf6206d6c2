import type { CallOptions } from '../call-options.js';
import { validateInput } from '../validate-input.js';
import { CreateTransactionDto } from './create-transaction.dto.js';
import { transactionBody } from './transaction-body.js';
import type { Transaction } from './transaction.model.js';
import { TransactionsBaseResource } from './transactions-base.resource.js';

/**
 * Plain calls to `/transactions` of an affiliate program. They reject with a `PartneroError`. If a
 * payment provider (Stripe, Paddle, Chargebee, …) is connected in Partnero, it creates the transactions
 * already: creating them here as well pays twice.
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
    const { amount, reward, gross_amount, discount_amount, customer } = sale;
    const money = { amount, reward, gross_amount, discount_amount };
    const body = {
      ...transactionBody(sale, money, this.apiVariants),
      ...(customer.partner ? { partner: customer.partner } : {}),
    };
    const request = { method: 'POST', path: ['transactions'], body, exact: true } as const;
    return this.write(request, options);
  }

  /**
   * `POST /transactions/{key}/archive`: hides it and its rewards, until it is restored. [docs]
   * @throws PartneroError `not_found`; `bad_request`: archived already
   */
  archive(key: string, options: CallOptions = {}): Promise<void> {
    return this.#changeArchive(key, 'archive', options);
  }

  /**
   * `POST /transactions/{key}/revoke-archive`. [docs]
   * @throws PartneroError `not_found`; `bad_request`: not archived
   */
  restore(key: string, options: CallOptions = {}): Promise<void> {
    return this.#changeArchive(key, 'revoke-archive', options);
  }

  #changeArchive(key: string, action: string, options: CallOptions): Promise<void> {
    const path = ['transactions', key, action];
    const request = { method: 'POST', path, repeatable: true, doneIf: 'bad_request' } as const;
    return this.carryOut(request, options);
  }
}
