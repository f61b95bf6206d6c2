/** What became of one job: the answer to "why was, or wasn't, this customer credited?" */
export interface LedgerEntry {
  readonly id: string;
  readonly program: string;
  readonly kind: string;
  readonly customerKey: string;
  /** Of a job that may take effect once only: what tells it from others, such as a transaction's key. */
  readonly key: string | null;
  readonly referralKey: string | null;
  readonly state: 'pending' | 'dead' | 'settled';
  /** `null` while pending. */
  readonly outcome: string | null;
  /** Of the outcome; while pending, of the last failed attempt. Statuses and names of fields only. */
  readonly reason: string | null;
  readonly detail: Readonly<Record<string, unknown>> | null;
  readonly attempts: number;
  readonly acceptedAt: Date;
  readonly settledAt: Date | null;
}

/** Numbers that add up: `accepted` = the sum of `outcomes` + `dead` + `pending`. */
export interface JobCounts {
  readonly accepted: number;
  readonly pending: number;
  readonly dead: number;
  /** Settled jobs by outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** What the store says of one program. */
export interface OutboxStats extends JobCounts {
  readonly program: string;
  readonly location: string;
  readonly kinds: Readonly<Record<string, JobCounts>>;
  readonly oldestPendingAt: Date | null;
  /** Why nothing is sent just now, if so; `until` is `null` where no time is set. */
  readonly paused: { readonly reason: string; readonly until: Date | null } | null;
  /** Whether the store takes jobs just now, and if not, why. */
  readonly storage: { readonly ok: boolean; readonly problem: string | null };
}

/** What erasing came to. */
export interface Forgotten {
  /** Entries that are gone. */
  readonly forgotten: number;
  /** Being sent just now: nothing was done to them; ask again. */
  readonly underWay: number;
}

/** Which dead jobs to deliver again. */
export type ReplayFilter =
  | { readonly id: string }
  | { readonly customerKey?: string | undefined; readonly kind?: string | undefined };
