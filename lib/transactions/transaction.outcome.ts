/** How a sale ended that was handed to `transactions.record()`. */
export type SaleOutcome =
  /** At Partnero, once. */
  | 'recorded'
  /** It is there already, or on its way: the same key, with the same amount, currency and customer. */
  | 'duplicate'
  /** The key is taken by a sale with another amount, currency or customer. */
  | 'conflict'
  /** Partnero doesn't know the customer: nobody referred him, nobody is paid. */
  | 'not_attributed'
  /** Its refund came before it; not sent. */
  | 'refunded'
  /** Partnero refused it; the reason names status and fields. */
  | 'rejected'
  /** Given up after `maxAgeDays`; waits for `replay()`. */
  | 'dead';

/** How a refund ended that was handed to `transactions.refund()`. */
export type RefundOutcome =
  /** The sale is deleted at Partnero, and its commission taken back. */
  | 'refunded'
  /** Partnero has no such sale. Should it come yet, it is not sent. */
  | 'not_found'
  /** The same refund is there already, or on its way. */
  | 'duplicate'
  | 'rejected'
  | 'dead';
