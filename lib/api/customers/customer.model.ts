/**
 * A customer as Partnero answers it. Fields that only one program type has, or that not every
 * endpoint answers, are optional. Names are Partnero's own.
 * @see https://docs.partnero.com (Customers)
 */
export interface Customer {
  /** In an affiliate program: your id. In a refer-a-friend program: the public key, if answered. */
  readonly key?: string;
  /** In a refer-a-friend program: your id. */
  readonly id?: string;
  /** Affiliate: Partnero's id of the partner, or in some answers perhaps the key. */
  readonly partner?: string | null;
  /** Refer-a-friend: who referred this customer. Its fields aren't documented. */
  readonly referring_customer?: {
    readonly id?: string;
    readonly key?: string;
    readonly email?: string;
  } | null;
  readonly email?: string | null;
  readonly name?: string | null;
  readonly surname?: string | null;
  /** Such as `active`; an open list. */
  readonly status?: string;
  readonly deleted?: boolean;
  readonly tags?: readonly { readonly value: string }[];
  readonly referrals_count?: number;
  readonly referral_link?: string;
  readonly created_at?: string;
  readonly updated_at?: string;
  readonly deleted_at?: string | null;
}
