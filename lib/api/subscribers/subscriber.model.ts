/**
 * A subscriber of a newsletter program, as Partnero answers it.
 * @see https://docs.partnero.com (Newsletter, Subscribers)
 */
export interface Subscriber {
  /** Of the newsletter service; may be absent, or the e-mail. */
  readonly id?: string | null;
  readonly email?: string;
  readonly name?: string | null;
  readonly is_referred?: boolean;
  readonly tos?: boolean | null;
  readonly marketing_consent?: boolean | null;
  /** Such as `Active`: in capitals here, in small letters where it is set. */
  readonly status?: string;
  readonly approved?: boolean;
  readonly portal_link?: string;
  readonly share_link?: string;
  readonly referrals_count?: number;
  readonly reward?: readonly unknown[];
  readonly created_at?: string;
  readonly updated_at?: string;
  readonly deleted_at?: string | null;
}
