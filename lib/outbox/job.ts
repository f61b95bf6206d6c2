/** Something to be told to Partnero, as it is handed to the outbox. */
export interface NewJob {
  /** Name of the {@link JobKind} that delivers it. */
  readonly kind: string;
  /** Jobs of one lane are delivered in the order in which they were accepted. */
  readonly lane: string;
  /** The referral key, kept in the ledger. */
  readonly referralKey: string | null;
  /** All that the kind needs to deliver it, as JSON. Erased when the job settles. */
  readonly payload: string;
  /** Milliseconds since the epoch. */
  readonly acceptedAt: number;
}

/** A job that the outbox keeps. */
export interface Job extends NewJob {
  /** Unique within the outbox. */
  readonly id: string;
  /** Attempts that failed and used up some of its patience. */
  readonly attempts: number;
}
