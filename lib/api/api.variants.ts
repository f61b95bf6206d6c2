/**
 * Where Partnero's sources disagree on what to send, and nothing suits both: which of them is right.
 * The defaults are what its documentation says.
 */
export interface ApiVariants {
  /** How the time of a sale goes out: Unix seconds, or a string such as `2025-05-02T16:12:39Z`. */
  readonly saleTime: 'unix' | 'text';
  /** What a newsletter subscriber's own id is called. */
  readonly subscriberId: 'id' | 'identifier';
  /** How fields of referral links are spelt: `is_additional` or `isAdditional`. */
  readonly linkFields: 'snake_case' | 'camelCase';
}

export const DEFAULT_API_VARIANTS: ApiVariants = {
  saleTime: 'unix',
  subscriberId: 'id',
  linkFields: 'snake_case',
};
