import type { ReferAFriendCustomer } from '../customers/refer-a-friend-customer.model.js';
import type { TransactionCommon } from './transaction.model.js';

/**
 * A sale in a refer-a-friend program, as Partnero answers it.
 * @see https://docs.partnero.com (Refer-a-friend, Transactions)
 */
export interface ReferAFriendTransaction extends TransactionCommon {
  /** Who referred the buyer. */
  readonly customer?: string | ReferAFriendCustomer | null;
  /** The buyer. */
  readonly referred_customer?: string | ReferAFriendCustomer | null;
}
