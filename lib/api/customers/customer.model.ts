import type { Decimal } from '../money/exact-amounts.js';

interface CustomerCommon {
  readonly email?: string | null;
  readonly name?: string | null;
  readonly surname?: string | null;
  /** Such as `active`, `deleted`; an open list. */
  readonly status?: string;
  readonly created_at?: string;
  readonly updated_at?: string;
}

/**
 * A customer of an affiliate program, as Partnero responds. Fields that some endpoints leave out are
 * optional. Names are Partnero's own.
 * @see https://docs.partnero.com (Customers)
 */
export interface Customer extends CustomerCommon {
  /** Your id of the customer. */
  readonly key?: string;
  /** Partnero's id of the partner, or in some answers perhaps the key. */
  readonly partner?: string | null;
  readonly deleted?: boolean;
  readonly tags?: readonly { readonly value: string }[];
  readonly deleted_at?: string | null;
}

/**
 * A customer of a refer-a-friend program, likewise.
 * @see https://docs.partnero.com (Refer-a-friend, Customers)
 */
export interface ReferAFriendCustomer extends CustomerCommon {
  /** Your id of the customer. Private. */
  readonly id?: string;
  /** Public: it is in the customer's link. Not in the documented answers. */
  readonly key?: string;
  /** Who referred this customer. Its fields aren't documented. */
  readonly referring_customer?: {
    readonly id?: string;
    readonly key?: string;
    readonly email?: string;
  } | null;
  readonly approved?: boolean;
  readonly referrals_count?: number;
  readonly metadata?: { readonly date_of_birth?: string | null };
  readonly referral_link?: string;
  readonly referral_links?: readonly string[];
  readonly custom_fields?: unknown;
}

/** What a customer of a refer-a-friend program has earned and not yet used. */
export interface CustomerBalance {
  readonly customer?: ReferAFriendCustomer;
  /** Rewards that are money stand under `currency`; the names of other groups aren't documented. */
  readonly balance?: {
    readonly currency?: readonly BalanceEntry[];
    readonly [group: string]: unknown;
  };
}

/** One line of a {@link CustomerBalance}. */
export interface BalanceEntry {
  /** A decimal string, without loss. */
  readonly amount?: Decimal;
  readonly amount_units?: string;
  readonly is_currency?: boolean;
}
