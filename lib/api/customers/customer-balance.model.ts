import type { Decimal } from '../money/exact-amounts.js';
import type { ReferAFriendCustomer } from './refer-a-friend-customer.model.js';

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
  /** A decimal text, without loss. */
  readonly amount?: Decimal;
  readonly amount_units?: string;
  readonly is_currency?: boolean;
}
