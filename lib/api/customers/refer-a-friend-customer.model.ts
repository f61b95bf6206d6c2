/**
 * A customer of a refer-a-friend program, as Partnero answers it. Fields that not every endpoint
 * answers are optional. Names are Partnero's own.
 * @see https://docs.partnero.com (Refer-a-friend, Customers)
 */
export interface ReferAFriendCustomer {
  /** Your id of the customer. Private. */
  readonly id?: string;
  /** Public: it stands in the customer's link. Not in the documented answers. */
  readonly key?: string;
  /** Who referred this customer. Its fields aren't documented. */
  readonly referring_customer?: {
    readonly id?: string;
    readonly key?: string;
    readonly email?: string;
  } | null;
  readonly email?: string | null;
  readonly name?: string | null;
  readonly surname?: string | null;
  /** Such as `active`, `deleted`; an open list. */
  readonly status?: string;
  readonly approved?: boolean;
  readonly referrals_count?: number;
  readonly metadata?: { readonly date_of_birth?: string | null };
  readonly referral_link?: string;
  readonly referral_links?: readonly string[];
  readonly custom_fields?: unknown;
  readonly created_at?: string;
  readonly updated_at?: string;
}
