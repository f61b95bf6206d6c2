import type { CreateCustomerInput } from '../api/customers/customer.dto.js';
import type { ProgramType } from '../referral/referral.options.js';

/** How the two types of program differ when a new customer is sent to Partnero. */
export interface ProgramRules {
  body(
    key: string,
    fields: Readonly<Record<string, unknown>>,
    referralKey: string | null,
  ): CreateCustomerInput<ProgramType>;
  /** Whether a refused field is about who referred the customer. */
  isAboutReferrer(field: string): boolean;
  /** A refused referrer doesn't keep the customer from being created. */
  readonly createsWithoutReferrer: boolean;
}

/** Partner refers customer; a customer without a known partner is refused. */
export const affiliateRules: ProgramRules = {
  body: (key, fields, referralKey) => ({ ...fields, key, partner: { key: referralKey ?? '' } }),
  isAboutReferrer: (field) => /^partner/i.test(field),
  createsWithoutReferrer: false,
};

/**
 * Customer refers customer. Our identifier goes out as `id`, which is private; `key` would be public.
 * Tags are unknown here.
 */
export const referAFriendRules: ProgramRules = {
  body: (key, { tags: _, ...fields }, referralKey) => ({
    ...fields,
    id: key,
    ...(referralKey === null ? {} : { referring_customer: { key: referralKey } }),
  }),
  isAboutReferrer: (field) => /^referring_?customer/i.test(field),
  createsWithoutReferrer: true,
};
