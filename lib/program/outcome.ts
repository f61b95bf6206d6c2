import type { AcceptOutcome, AttributionOutcome } from '../attribution/attribution.outcome.js';
import type { ErasureOutcome } from '../erasure/erasure.outcome.js';
import type { RefundOutcome, SaleOutcome } from '../transactions/transaction.outcome.js';

/** The outcome of one sign-up or one job, as passed to `onOutcome`. Holds no personal data. */
export interface Outcome {
  readonly outcome:
    | Exclude<AcceptOutcome, 'queued'>
    | AttributionOutcome
    | SaleOutcome
    | RefundOutcome
    | ErasureOutcome
    | (string & {});
  /**
   * `attribution`, `transaction`, `refund`, `erasure`, or `event` for a webhook event at one of its
   * handlers. The list may grow.
   */
  readonly jobName: string;
  /** Name of the program in this app; `default` unless you gave one. */
  readonly program: string;
  readonly jobId?: string | undefined;
  /** Your own id of the customer. One that looks like an e-mail address is replaced by a hash. */
  readonly customerKey?: string | undefined;
  /** As it came; one that looks like an e-mail address is replaced by a hash. */
  readonly referralKey?: string | undefined;
  /** Of a sale or refund: your id of the order or invoice. An e-mail address is replaced likewise. */
  readonly transactionKey?: string | undefined;
  /** `Controller.method`, where known; of an event, its handler. */
  readonly route?: string | undefined;
  /** A status and names of fields, or one word. */
  readonly reason?: string | undefined;
  /** Of `already_registered`: whether the customer belongs to the same partner. */
  readonly samePartner?: boolean | 'unknown' | undefined;
  /** Queued after `acceptTimeoutMs` had passed. */
  readonly late?: boolean | undefined;
  readonly at: Date;
}
