import type { ReferralSource } from './referral.options.js';

/** Where a key came from: a source of the request, the `resolve` option, a token, or the caller. */
export type ReferralOrigin = ReferralSource | 'resolve' | 'token' | 'given';

/** The referral of a visitor: the key, and where it was found. */
export interface Referral {
  /** The referral key of the partner, or in a refer-a-friend program of the referring customer. */
  readonly key: string;
  readonly source: ReferralOrigin;
  /**
   * The referral as a short string that is safe in URLs, for flows without a cookie: an OAuth
   * `state`, a verification link, a pending user's row. Read it back with
   * `PartneroService.referralFrom(token)`.
   *
   * It is not signed: a visitor who can send a cookie can choose a key as well.
   */
  toToken(): string;
}
