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

/** A job that is handed over released: nobody waits for a response. */
export interface SubmittedJob extends NewJob {
  /** Of the jobs of one kind with the same key, one takes effect. */
  readonly key?: JobKey | undefined;
  /**
   * The job that this one undoes: it goes into that job's lane. If there is none, none will come: a
   * later job of that key is settled unsent.
   */
  readonly withdraws?: { readonly kind: string; readonly key: string } | undefined;
}

/** What makes a job the same as another. */
export interface JobKey {
  readonly value: string;
  /** Equal if both say the same. */
  readonly digest: string;
  /** What a job ends as, at once, whose key is taken by one that… */
  readonly ifTaken: {
    /** …says the same, */
    readonly same: string;
    /** …says something else, */
    readonly different: string;
    /** …has withdrawn it. */
    readonly withdrawn: string;
  };
}

/** A job that the outbox keeps. */
export interface Job extends NewJob {
  /** Unique within the outbox. */
  readonly id: string;
  /** Attempts that failed and used up some of its patience. */
  readonly attempts: number;
  /** What an earlier attempt noted, if one did. */
  readonly progress?: string | null | undefined;
}
