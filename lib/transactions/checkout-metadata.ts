import type { CustomerId } from '../common/customer-id.js';
import { checkKey } from '../program/check-input.js';

/**
 * What to put into the metadata of a checkout, if your payment provider is connected in Partnero: it
 * records the sales then, and must know whose they are. Don't record them here as well.
 *
 * CONFLICT: the help pages name `customer_key`, the documentation names `partner_key`; with a referral
 * in hand both go along.
 *
 * @example
 * await stripe.checkout.sessions.create({ …, metadata: checkoutMetadata(user.id) })
 * @see https://help.partnero.com/article/202-integrate-stripe
 * @see https://docs.partnero.com/integrations/stripe
 * @throws PartneroError `invalid_input`
 */
export function checkoutMetadata(
  customerKey: CustomerId,
  referral?: { readonly key: string | null } | null,
): Record<'customer_key', string> & Partial<Record<'partner_key', string>> {
  const partnerKey = referral?.key ?? undefined;
  return {
    customer_key: checkKey(customerKey, 'customerKey'),
    ...(partnerKey === undefined ? {} : { partner_key: partnerKey }),
  };
}
