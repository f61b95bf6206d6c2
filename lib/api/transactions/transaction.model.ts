import type { ReferAFriendCustomer } from '../customers/customer.model.js';
import type { Decimal } from '../money/exact-amounts.js';

/** What transactions and their rewards have in common. */
interface Entry {
  /** Yours: of the order, invoice or charge. Partnero doesn't keep it unique. */
  readonly key?: string | null;
  /** Such as `sale`; free text. */
  readonly action?: string | null;
  /** In major units, a decimal string without loss: `'99.99'`. Rewards may have more decimals: `'29.997'`. */
  readonly amount?: Decimal;
  readonly amount_units?: string;
  readonly is_currency?: boolean;
  readonly credit?: boolean;
  readonly created_at?: string;
  readonly deleted_at?: string | null;
}

/** What transactions of both kinds of program have in common. */
export interface TransactionCommon extends Entry {
  readonly rewards?: readonly Reward[];
}

/**
 * A sale in an affiliate program, as Partnero answers it.
 * @see https://docs.partnero.com (Transactions)
 */
export interface Transaction extends TransactionCommon {
  /** Partnero's id of the partner, or in some answers perhaps the key. */
  readonly partner?: string | null;
  /** Key of the customer. */
  readonly customer?: string | null;
}

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

/** What somebody earns by a transaction. It has the key of the transaction. */
export interface Reward extends Entry {
  /** `ok`, `review_period`, `rejected`; an open list. */
  readonly status?: string;
  readonly customer?: string | null;
  readonly partner?: string | null;
  /** What was sent of the product; may be empty. */
  readonly product_type_data?: { readonly product_id?: unknown; readonly product_type?: unknown };
}
