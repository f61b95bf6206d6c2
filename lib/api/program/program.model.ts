/** What a program is. */
export interface ProgramDescription {
  readonly id?: number;
  readonly public_id?: string;
  readonly name?: string;
  readonly website?: string;
  readonly initial?: string;
  /**
   * `Affiliate`, `Referral`, `Newsletter`. CONFLICT: `ping()` says `affiliate`, `refer_a_friend`; compare
   * without case, and take both.
   */
  readonly type?: string;
  /** A day without a time. */
  readonly created_at?: string;
  readonly last_edited?: string;
}

/** Settings of a program; there are more. */
export interface ProgramSettings {
  readonly currency?: string;
  /** Days, as a string. */
  readonly cookie_lifetime?: string;
  readonly commission_description?: string;
  readonly commission_value?: unknown;
  readonly has_multiple_commissions?: unknown;
  readonly payout_threshold?: unknown;
  readonly [setting: string]: unknown;
}

/**
 * An affiliate program.
 * @see https://docs.partnero.com (Program)
 */
export interface AffiliateProgram {
  readonly program?: ProgramDescription;
  /** Counts as texts, sums formatted, per currency in small letters; an empty map may be a list. */
  readonly stats?: Readonly<Record<string, unknown>>;
  readonly program_settings?: ProgramSettings;
  readonly portal_settings?: Readonly<Record<string, unknown>>;
}

/**
 * A refer-a-friend program. CONFLICT: the same groups as in an affiliate program, or totals beside
 * `program`.
 * @see https://docs.partnero.com (Refer-a-friend, Program)
 */
export interface ReferAFriendProgram extends AffiliateProgram {
  readonly [total: string]: unknown;
}

/**
 * A newsletter program.
 * @see https://docs.partnero.com (Newsletter, Program)
 */
export interface NewsletterProgram {
  readonly id?: number | string;
  readonly name?: string;
  readonly esp_type?: string | null;
  readonly esp_type_name?: string | null;
  readonly total_subscribers?: number | string;
  readonly total_referring?: number | string;
  readonly total_referred?: number | string;
  readonly created_at?: string;
}
