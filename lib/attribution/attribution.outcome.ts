/** What handing a sign-up over came to. */
export type AcceptOutcome =
  /** Kept: it will reach Partnero. */
  | 'accepted'
  /** Nobody sent this visitor; in an affiliate program there is nothing to do. */
  | 'no_referral'
  /** No new customer: the mapper said so, or what it was given has no `id` or `key`. */
  | 'no_customer'
  /** No API key, or `enabled: false`. */
  | 'disabled'
  /** Not kept within `acceptTimeoutMs`; goes on in the background, and may yet be accepted. */
  | 'accept_timeout'
  /** The outbox could not keep it. */
  | 'accept_failed';

/** How an accepted attribution ended. */
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
  /** Given up after `maxAgeDays`; waits for `replay()`. */
  | 'dead';

/** Sign-ups that were never accepted, counted by this process since it started. */
export type NotAccepted = Record<Exclude<AcceptOutcome, 'accepted'>, number>;
