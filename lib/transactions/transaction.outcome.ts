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
