/** Something to send to Partnero, before the outbox has saved it. */
export interface NewJob {
  /** A UUIDv7, if it was chosen before. Saving the same id twice saves one job. Default: a new one. */
  readonly id?: string | undefined;
  /** Which {@link JobHandler} delivers it, such as `attribution`. */
  readonly name: string;
  /** Jobs with the same ordering key are delivered one at a time, in order. Usually the customer's key. */
  readonly orderingKey: string;
  /** The referral key, kept in the history. */
  readonly referralKey: string | null;
  /** What the handler needs, as JSON. Erased when the job completes. */
  readonly payload: string;
  /** Milliseconds since the epoch. */
  readonly queuedAt: number;
}

/** A job that is released as soon as it is saved. */
export interface SubmittedJob extends NewJob {
  /** Of several jobs with the same name and key, one takes effect. */
  readonly key?: JobKey | undefined;
  /**
   * The job that this one cancels. This one is delivered behind it, under its ordering key. If there is
   * no such job yet, one that comes later completes at once, unsent.
   */
  readonly cancels?: { readonly name: string; readonly key: string } | undefined;
  /** Discards, unsent, every pending or dead job with the same ordering key that isn't being sent. */
  readonly overrides?: boolean | undefined;
}

/** Identifies a job that must take effect only once. */
export interface JobKey {
  readonly value: string;
  /** Two jobs with the same key and digest ask for the same thing. */
  readonly digest: string;
  /** The outcome of a job whose key is taken already. */
  readonly ifTaken: {
    /** The other job has the same digest. */
    readonly same: string;
    /** The other job has a different digest. */
    readonly different: string;
    /** The key was cancelled. */
    readonly cancelled: string;
  };
}

/** A saved job. */
export interface Job extends NewJob {
  /** Unique within the outbox. */
  readonly id: string;
  /** Failed attempts so far. */
  readonly attempts: number;
  /** What an earlier attempt saved with its {@link Checkpoint}. */
  readonly checkpoint?: string | null | undefined;
}
