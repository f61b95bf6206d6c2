import type { CallOptions } from '../api/call-options.js';
import type { Page } from '../api/page.js';
import type {
  ReferAFriendTransaction,
  Transaction,
} from '../api/transactions/transaction.model.js';
import type { SaleDto } from './sale.js';

/** A transaction of either type of program. */
export type AnsweredTransaction = Omit<Transaction, 'customer'> & ReferAFriendTransaction;

/** What delivery asks of `/transactions`, in either type of program. */
export interface PartneroTransactions {
  create(sale: SaleDto, options: CallOptions): Promise<unknown>;
  page(
    page: number,
    options: CallOptions & { readonly key: string; readonly limit: number },
  ): Promise<Page<AnsweredTransaction>>;
  delete(key: string, options: CallOptions): Promise<void>;
}

const SOME = 10;

/** All that Partnero has under a key: it may be more than one. */
export async function transactionsUnder(
  transactions: PartneroTransactions,
  key: string,
  signal: AbortSignal,
): Promise<AnsweredTransaction[]> {
  const { items } = await transactions.page(1, { key, limit: SOME, signal });
  // Should Partnero ignore the filter, what it answers is somebody else's.
  return items.filter((item) => item.key === key);
}
