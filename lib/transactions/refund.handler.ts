import { PartneroError } from '../api/partnero.error.js';
import type { CompletedResult, DeliveryResult } from '../outbox/delivery-result.js';
import type { Job } from '../outbox/job.js';
import { unmark, type Checkpoint, type JobFacts, type JobHandler } from '../outbox/job-handler.js';
import {
  completedWith,
  failureResult,
  isInvalid,
  isRefusal,
  isUndone,
  reasonOf,
  TAKEN_OVER,
} from '../program/delivery-results.js';
import { transactionsUnder, type PartneroTransactions } from './partnero-transactions.js';
import { readSentMark, writeSentMark } from './sent-mark.js';
import type { RefundOutcome } from './transaction.outcome.js';

export const REFUND = 'refund';

/** Under one key there may be more than one transaction; each call deletes one, or all. */
const MOST_DELETIONS = 10;

/** Deletes a sale at Partnero: that is how a commission is taken back. */
export class RefundHandler implements JobHandler {
  readonly name = REFUND;

  constructor(private readonly transactions: PartneroTransactions) {}

  async deliver(job: Job, signal: AbortSignal, checkpoint: Checkpoint): Promise<DeliveryResult> {
    const { payload: key } = job;
    const wasSent = readSentMark(job.checkpoint) !== null;
    const attempt = { key, signal, requests: 0 };
    try {
      if (!(await checkpoint.save(writeSentMark(Date.now())))) return TAKEN_OVER;
      const deleted = await this.deleteAll(attempt);
      const outcome = deleted > 0 || wasSent ? 'refunded' : 'not_found';
      return completed(outcome, attempt);
    } catch (error) {
      if (isRefusal(error) || isInvalid(error)) {
        return completed('rejected', attempt, reasonOf(error));
      }
      // Nothing was deleted: if Partnero has no such sale later, it isn't we who deleted it.
      if (!wasSent && attempt.requests === 1 && isUndone(error)) await unmark(checkpoint);
      return failureResult(error);
    }
  }

  facts({ payload }: Job): JobFacts {
    return { transactionKey: payload };
  }

  private async deleteAll(attempt: {
    key: string;
    signal: AbortSignal;
    requests: number;
  }): Promise<number> {
    const { key, signal } = attempt;
    for (let deleted = 0; ; deleted += 1) {
      attempt.requests += 1;
      if (deleted === MOST_DELETIONS || !(await this.deleteOne(key, signal))) return deleted;
      attempt.requests += 1;
      const left = await transactionsUnder(this.transactions, key, signal);
      if (left.length === 0) return deleted + 1;
    }
  }

  /** False if there is none. */
  private async deleteOne(key: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.transactions.delete(key, { signal });
      return true;
    } catch (error) {
      if (error instanceof PartneroError && error.kind === 'not_found') return false;
      throw error;
    }
  }
}

function completed(
  outcome: RefundOutcome,
  attempt: { readonly requests: number },
  reason?: string,
): CompletedResult {
  // Asked for again, what wasn't there or was refused may be by then. The sale stays cancelled.
  return { ...completedWith(outcome, attempt, reason), releasesKey: outcome !== 'refunded' };
}
