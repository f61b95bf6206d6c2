import { PartneroError } from '../api/partnero.error.js';
import { maskKey } from '../mask-key.js';
import type { Job } from '../outbox/job.js';
import type { Advice, DeliverySteps, JobFacts, JobKind } from '../outbox/job-kind.js';
import type { SettledVerdict, Verdict } from '../outbox/verdict.js';
import { isRefusal, reasonOf, verdictOn } from '../verdict-on.js';
import { transactionsUnder, type PartneroTransactions } from './partnero-transactions.js';
import { readSentMark, writeSentMark } from './sent-mark.js';
import type { RefundOutcome } from './transaction.outcome.js';

export const REFUND = 'refund';

/** Under one key there may be more than one transaction; each call deletes one, or all. */
const MOST_DELETIONS = 10;

/** Deletes a sale at Partnero: that is how a commission is taken back. */
export class RefundJob implements JobKind {
  readonly name = REFUND;

  constructor(private readonly transactions: PartneroTransactions) {}

  async deliver(job: Job, signal: AbortSignal, steps: DeliverySteps): Promise<Verdict> {
    const { payload: key } = job;
    const wasSent = readSentMark(job.progress) !== null;
    const attempt = { key, signal, requests: 0 };
    try {
      if (!(await steps.note(writeSentMark(Date.now())))) {
        return { type: 'wait', reason: 'taken_over', ms: 0 };
      }
      const deleted = await this.deleteAll(attempt);
      const outcome = deleted > 0 || wasSent ? 'refunded' : 'not_found';
      return settled(outcome, attempt.requests);
    } catch (error) {
      if (isRefusal(error)) return settled('rejected', attempt.requests, reasonOf(error));
      return verdictOn(error);
    }
  }

  advice({ outcome }: SettledVerdict): Advice | undefined {
    if (outcome !== 'rejected') return undefined;
    return { text: 'Partnero refused to delete the sale: its commission stays' };
  }

  facts({ payload }: Job): JobFacts {
    return { transactionKey: maskKey(payload) };
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

function settled(outcome: RefundOutcome, requests: number, reason?: string): SettledVerdict {
  return { type: 'settled', outcome, reason, requests };
}
