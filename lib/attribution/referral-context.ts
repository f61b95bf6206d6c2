import type { ReferralOrigin } from '../referral/referral.js';
import type { AcceptOutcome } from './attribution.outcome.js';
import type { CustomerInput } from './customer-input.js';

/**
 * What `@Referral()` injects: who sent this visitor, and the means to attribute a sign-up by hand.
 * Import it with `import type`.
 */
export interface ReferralContext {
  /** The referral key, or `null` if nobody sent this visitor. */
  readonly key: string | null;
  readonly source: ReferralOrigin | null;
  /**
   * Attributes this customer. Beats the mapper of `@AttributeReferral()`; a second call replaces the
   * first. On a decorated route the attribution is held until the response has ended, and dropped if
   * the sign-up fails; elsewhere, and after the response, it is released at once.
   *
   * Resolves once the attribution is durable, or after `acceptTimeoutMs`. Never rejects.
   */
  attribute(customer: CustomerInput): Promise<AcceptOutcome>;
  /** Not a new customer after all: nothing is attributed in this request. */
  skip(): void;
  /** The referral as a short, URL-safe text; empty if nobody sent this visitor. */
  toToken(): string;
}
