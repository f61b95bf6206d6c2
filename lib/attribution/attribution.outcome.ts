/** What attributing a sign-up led to. */
export type AcceptOutcome =
  /** It is saved, and will reach Partnero. */
  | 'queued'
  /** Nobody referred this visitor; in an affiliate program there is nothing to do. */
  | 'no_referral'
  /** No new customer: the mapper said so, or what it was given has no `id` or `key`. */
  | 'no_customer'
  /** No API key, or `enabled: false`. */
  | 'disabled'
  /** Not saved within `acceptTimeoutMs`; goes on in the background, and may still be queued. */
  | 'accept_timeout'
  /** The outbox could not save it. */
  | 'accept_failed';

/** How a queued attribution ended. */
export type AttributionOutcome =
  /** Created at Partnero under the partner. */
  | 'attributed'
  /** Created without a referrer; refer-a-friend programs only. */
  | 'registered'
  /** Was there already; see `samePartner` in the detail. */
  | 'already_registered'
  /** Partnero doesn't know the partner. */
  | 'unknown_partner'
  /** Partnero refused it for another reason. */
  | 'rejected'
  /** The customer's fields don't pass the DTO; not sent. */
  | 'invalid'
  /** The sign-up failed after all. */
  | 'discarded'
  /** It failed for longer than `maxAgeDays`; `requeue()` delivers it again. */
  | 'dead';

/** Sign-ups that were never queued, counted by this process since it started. */
export type NotAccepted = Record<Exclude<AcceptOutcome, 'queued'>, number>;

/** The reason of an attribution whose e-mail address was left out. */
export const DROPPED_EMAIL = 'invalid_email_dropped';
