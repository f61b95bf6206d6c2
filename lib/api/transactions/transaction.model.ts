import type { Decimal } from '../money/exact-amounts.js';

/** What transactions of both kinds of program have in common. */
export interface TransactionCommon {
  /** Yours: of the order, invoice or charge. Partnero doesn't keep it unique. */
  readonly key?: string | null;
  /** Such as `sale`; free text. */
  readonly action?: string | null;
  /** In major units, a decimal text without loss: `'99.99'`. */
  readonly amount?: Decimal;
  readonly amount_units?: string;
  readonly is_currency?: boolean;
  readonly credit?: boolean;
  readonly rewards?: readonly Reward[];
  readonly created_at?: string;
  readonly deleted_at?: string | null;
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

/** What somebody earns by a transaction. */
export interface Reward {
  /** The same as that of the transaction. */
  readonly key?: string | null;
  readonly action?: string | null;
  /** `ok`, `review_period`, `rejected`; an open list. */
  readonly status?: string;
  readonly customer?: string | null;
  readonly partner?: string | null;
  /** A decimal text without loss; may have more than two decimals: `'29.997'`. */
  readonly amount?: Decimal;
  readonly amount_units?: string;
  readonly is_currency?: boolean;
  readonly credit?: boolean;
  /** What was sent of the product; may be empty. */
  readonly product_type_data?: { readonly product_id?: unknown; readonly product_type?: unknown };
  readonly created_at?: string;
  readonly deleted_at?: string | null;
}
