/** The outcome of a sale that was submitted with `transactions.record()`. */
export type SaleOutcome =
  /** Partnero has it, once. */
  | 'recorded'
  /** Recorded or queued before: the same key, with the same amount, currency and customer. */
  | 'duplicate'
  /** The key is taken by a sale with another amount, currency or customer. */
  | 'conflict'
  /** Partnero doesn't know the customer: nobody referred them, so nobody is paid. */
  | 'not_attributed'
  /** Its refund was submitted before it; not sent. */
  | 'refunded'
  /** Partnero refused it; the reason names status and fields. */
  | 'rejected'
  /** It failed for longer than `maxAgeDays`; `requeue()` delivers it again. */
  | 'dead';

/** The outcome of a refund that was submitted with `transactions.refund()`. */
export type RefundOutcome =
  /** The sale is deleted at Partnero, and with it the commission. */
  | 'refunded'
  /** Partnero has no such sale. If the sale is submitted later, it isn't sent. */
  | 'not_found'
  /** The same refund was submitted before. */
  | 'duplicate'
  | 'rejected'
  | 'dead';

/** What log and command line say of the outcome of a sale. */
export const SALE_ADVICE = {
  conflict: {
    text: 'Partnero has another amount, currency or customer under that key, so two sales share it',
    isError: true,
  },
  rejected: { text: 'Partnero refused the sale' },
} as const;

/** What they say of a refund that was rejected. */
export const REFUND_REJECTED = 'Partnero refused to delete the sale; its commission stays';
