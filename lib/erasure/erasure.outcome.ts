/** How an erasure ended that was handed to `customers.erase()`. */
export type ErasureOutcome =
  /** Deleted at Partnero, and here. */
  | 'erased'
  /** Partnero has no such customer. What was kept here is deleted. */
  | 'not_found'
  /** The same erasure is on its way already. */
  | 'duplicate'
  | 'rejected'
  | 'dead';
