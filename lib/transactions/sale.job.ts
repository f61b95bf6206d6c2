import { PartneroError } from '../api/partnero.error.js';
import type { Job } from '../outbox/job.js';
import type { Advice, DeliverySteps, JobFacts, JobKind } from '../outbox/job-kind.js';
import type { SettledVerdict, Verdict } from '../outbox/verdict.js';
import { maskKey } from '../mask-key.js';
import { isRefusal, reasonOf, verdictOn } from '../verdict-on.js';
import {
  transactionsUnder,
  type PartneroBuyers,
  type PartneroTransactions,
} from './partnero-transactions.js';
import { isSameSale } from './recorded-transaction.js';
import { readSale, type SaleDto, type SalesProgram } from './sale.js';
import { readSentMark, writeSentMark } from './sent-mark.js';
import type { SaleOutcome } from './transaction.outcome.js';

export const SALE = 'transaction';

const ADVICE: Readonly<Partial<Record<SaleOutcome, Advice>>> = {
  conflict: {
    text: 'Partnero has another amount, currency or customer under that key: two sales share it',
    isError: true,
  },
  rejected: { text: 'Partnero refused the sale' },
};

/** What one delivery knows and collects on its way to a verdict. */
interface Attempt {
  readonly job: Job;
  readonly sale: SaleDto;
  readonly key: string;
  readonly signal: AbortSignal;
  readonly steps: DeliverySteps;
  /** An earlier attempt may have recorded it. */
  readonly wasSent: boolean;
  /** In a refer-a-friend program: nobody referred the customer. */
  isUnreferred: boolean;
  requests: number;
}

/**
 * Records one sale at Partnero, once. Keys aren't unique there, and there are no idempotency keys: so
 * each sending is noted before, and preceded by a look whether the sale is there; after a sending
 * without an answer that look waits, since Partnero's own write may land late.
 */
export class SaleJob implements JobKind {
  readonly name = SALE;

  constructor(
    private readonly transactions: PartneroTransactions,
    private readonly customers: PartneroBuyers,
    private readonly program: SalesProgram,
    private readonly graceMs: number,
  ) {}

  async deliver(job: Job, signal: AbortSignal, steps: DeliverySteps): Promise<Verdict> {
    const sale = readSale(job.payload, this.program);
    if (sale?.key === undefined) {
      return settled('rejected', { requests: 0 }, 'unreadable_payload');
    }
    const sentAt = readSentMark(job.progress);
    const wait = sentAt === null ? null : await this.waitAfter(sentAt, steps);
    if (wait) return wait;
    const attempt: Attempt = {
      job,
      sale,
      key: sale.key,
      signal,
      steps,
      wasSent: sentAt !== null,
      isUnreferred: false,
      requests: 0,
    };
    try {
      return (await this.found(attempt)) ?? (await this.send(attempt));
    } catch (error) {
      return this.afterTrouble(error);
    }
  }

  advice({ outcome }: SettledVerdict): Advice | undefined {
    return ADVICE[outcome as SaleOutcome];
  }

  facts({ payload }: Job): JobFacts {
    const key = readSale(payload, this.program)?.key;
    return { transactionKey: key === undefined ? undefined : maskKey(key) };
  }

  private async waitAfter(sentAt: number, steps: DeliverySteps): Promise<Verdict | null> {
    const left = sentAt + this.graceMs - Date.now();
    if (left <= 0) return null;
    // Set back, the clock would have it wait for as long as it was set back.
    if (left > this.graceMs) await steps.note(writeSentMark(Date.now()));
    return { type: 'wait', reason: 'unanswered', ms: Math.min(left, this.graceMs) };
  }

  /** What is there already; `null` if nothing is. */
  private async found(attempt: Attempt): Promise<Verdict | null> {
    const { key, sale, job, signal, wasSent } = attempt;
    attempt.requests += 1;
    const there = await transactionsUnder(this.transactions, key, signal);
    if (there.length === 0) return null;
    const isSame = there.some((each) => isSameSale(each, sale, job.lane));
    if (!isSame) return { ...settled('conflict', attempt, 'at_partnero'), freesKey: true };
    return settled(wasSent ? 'recorded' : 'duplicate', attempt, 'at_partnero');
  }

  private async send(attempt: Attempt): Promise<Verdict> {
    const { sale, signal, steps } = attempt;
    if (!(await this.hasBuyer(attempt))) return notAttributed(attempt, 'unknown_customer');
    if (!(await steps.note(writeSentMark(Date.now())))) {
      return { type: 'wait', reason: 'taken_over', ms: 0 };
    }
    try {
      attempt.requests += 1;
      await this.transactions.create(sale, { signal });
      return settled('recorded', attempt);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return this.refused(attempt, error);
    }
  }

  /** A hit by e-mail is somebody else. */
  private async hasBuyer(attempt: Attempt): Promise<boolean> {
    const { job, signal } = attempt;
    try {
      attempt.requests += 1;
      const customer = await this.customers.get(job.lane, { signal });
      attempt.isUnreferred = customer.referring_customer === null;
      return (this.program === 'affiliate' ? customer.key : customer.id) === job.lane;
    } catch (error) {
      if (!(error instanceof PartneroError)) throw error;
      if (error.kind === 'not_found' || error.kind === 'invalid_input') return false;
      throw error;
    }
  }

  /** The words of a refusal aren't published: whether the sale is there, and its fields, tell. */
  private async refused(attempt: Attempt, error: PartneroError): Promise<Verdict> {
    const found = await this.found(attempt);
    if (found) return found;
    const fields = Object.keys(error.fieldErrors);
    const aboutCustomer = fields.length > 0 && fields.every((field) => /customer/i.test(field));
    if (aboutCustomer || attempt.isUnreferred || error.kind === 'not_found') {
      return notAttributed(attempt, reasonOf(error));
    }
    return { ...settled('rejected', attempt, reasonOf(error)), freesKey: true };
  }

  private afterTrouble(error: unknown): Verdict {
    const verdict = verdictOn(error);
    const isUnanswered = error instanceof PartneroError && error.ambiguous;
    if (verdict.type !== 'retry' || !isUnanswered) return verdict;
    return { ...verdict, afterMs: this.graceMs };
  }
}

function settled(
  outcome: SaleOutcome,
  { requests }: Pick<Attempt, 'requests'>,
  reason?: string,
): SettledVerdict {
  return { type: 'settled', outcome, reason, requests };
}

/** Should the customer be attributed later, and the sale told again, it is recorded. */
function notAttributed(attempt: Attempt, reason: string): SettledVerdict {
  return { ...settled('not_attributed', attempt, reason), freesKey: true };
}
