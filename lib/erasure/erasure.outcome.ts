/** The outcome of an erasure that was submitted with `customers.erase()`. */
export type ErasureOutcome =
  /** Deleted at Partnero and in the outbox. */
  | 'erased'
  /** Partnero has no such customer. The history in the outbox is deleted. */
  | 'not_found'
  /** The same erasure is queued already. */
  | 'duplicate'
  | 'rejected'
  | 'dead';
