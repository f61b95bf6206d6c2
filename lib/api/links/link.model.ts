/**
 * A referral link, as Partnero answers it.
 * @see https://developers.partnero.com (Referral links)
 */
export interface ReferralLink {
  readonly id?: string;
  /** Equal to the id in all samples. */
  readonly key?: string;
  readonly url?: string;
  readonly default?: boolean;
  readonly is_additional?: boolean;
  readonly direct_tracking?: boolean;
  readonly direct_tracking_redirect?: boolean;
  readonly direct_tracking_redirect_url?: string | null;
}

/** A domain that partners' links may be on. */
export interface LinkDomain {
  /** `null` for the default domain. */
  readonly id?: number | null;
  readonly domain?: string;
  /** What a link begins with, up to `?aff=` or the like. */
  readonly url?: string;
  readonly is_additional?: boolean;
}
