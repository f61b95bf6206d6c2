import type { Decimal } from '../money/exact-amounts.js';

/**
 * A partner, as Partnero answers it. Fields that not every endpoint answers are optional. Names are
 * Partnero's own.
 * @see https://docs.partnero.com (Partners)
 */
export interface Partner {
  /** Partnero's id: the only one that paths know. */
  readonly id?: string;
  /** The referral key. In older answers only; it stands in `referral_link` too. */
  readonly key?: string;
  readonly email?: string;
  readonly name?: string | null;
  readonly surname?: string | null;
  /** `active`, `pending`, `archived`, `deleted`; an open list. */
  readonly status?: string;
  readonly approved?: boolean;
  readonly tos?: boolean;
  readonly tags?: readonly { readonly value: string }[];
  readonly referrals_count?: number;
  readonly referral_link?: string;
  readonly referral_links?: readonly string[];
  readonly custom_fields?: readonly unknown[];
  /** Answered by `get` only, like the two below. */
  readonly custom_field_values?: readonly unknown[];
  readonly referrals?: PartnerReferrals;
  readonly commissions?: PartnerCommissions;
  readonly created_at?: string;
  readonly updated_at?: string;
}

/** What a partner has brought. */
export interface PartnerReferrals {
  readonly clicks?: number;
  readonly signups?: number;
  readonly sales_count?: number;
  readonly paid_accounts?: number;
  readonly revenue?: readonly CurrencyAmount[];
}

/** What a partner has earned. */
export interface PartnerCommissions {
  /** A decimal string, without a currency. */
  readonly paid?: Decimal;
  readonly pending?: readonly CurrencyAmount[];
  readonly not_paid?: readonly CurrencyAmount[];
}

/** A sum in one currency. */
export interface CurrencyAmount {
  readonly currency?: string;
  /** A decimal string, without loss. */
  readonly amount?: Decimal;
}

/**
 * Where a partner gets into the portal without a password, once.
 * @experimental The names of its fields aren't publicly known.
 */
export interface PartnerSignIn {
  readonly url?: string;
  readonly [field: string]: unknown;
}
