import type { ReferralOrigin } from '../referral/referral.js';
import type { AcceptOutcome } from './attribution.outcome.js';
import type { CustomerInput } from './customer-input.js';

/**
 * What `@Referral()` injects: the visitor's referral, and `attribute()` for a sign-up by hand.
 * Import it with `import type`.
 */
export interface ReferralContext {
  /** The referral key, or `null` if nobody referred this visitor. */
  readonly key: string | null;
  readonly source: ReferralOrigin | null;
  /**
   * Attributes this customer. Takes precedence over the mapper of `@AttributeReferral()`. A second call
   * replaces the first. On a decorated route the attribution is held until the response has ended, and
   * discarded if the sign-up fails. Elsewhere, and after the response, it is released at once.
   *
   * Resolves once the attribution is saved, or after `acceptTimeoutMs`. Never rejects.
   */
  attribute(customer: CustomerInput): Promise<AcceptOutcome>;
  /** Cancels the attribution of this request, for a user who isn't new. */
  skip(): void;
  /** The referral as a short string that is safe in URLs. Empty if nobody referred the visitor. */
  toToken(): string;
}
