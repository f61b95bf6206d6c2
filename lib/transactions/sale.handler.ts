import { ownKeyOf, type AnyCustomers } from '../api/customers/any-customers.js';
import { PartneroError } from '../api/partnero.error.js';
import { stopwatch } from '../common/stopwatch.js';
import type { CompletedResult, DeliveryResult } from '../outbox/delivery-result.js';
import type { Job } from '../outbox/job.js';
import type { Checkpoint, JobFacts, JobHandler } from '../outbox/job-handler.js';
import {
  completedWith,
  failureResult,
  isInvalid,
  isRefusal,
  reasonOf,
  TAKEN_OVER,
  type Completed,
} from '../program/delivery-results.js';
import { transactionsUnder, type PartneroTransactions } from './partnero-transactions.js';
import { isSameSale } from './recorded-transaction.js';
import { readSale, type SaleDto, type SalesProgram } from './sale.js';
import { readSentMark, writeSentMark } from './sent-mark.js';
import type { SaleOutcome } from './transaction.outcome.js';

export const SALE = 'transaction';

const completed: Completed<SaleOutcome> = completedWith;

/** How long after its checkpoint a sale may be sent, if the engine doesn't say so. */
const SEND_WITHIN_MS = 5_000;

/** What one delivery knows and collects on its way to a result. */
interface Attempt {
  readonly job: Job;
  readonly sale: SaleDto;
  readonly key: string;
  readonly signal: AbortSignal;
  readonly checkpoint: Checkpoint;
  /** An earlier attempt may have recorded it. */
  readonly wasSent: boolean;
  /** In a refer-a-friend program: nobody referred the customer. */
  isUnreferred: boolean;
  requests: number;
}

/**
 * Records one sale at Partnero, once. Keys aren't unique there, and there are no idempotency keys. So
 * each request saves a checkpoint first, and is preceded by a look whether the sale is there. After a
 * request without a response that look waits, since Partnero's own write may land late.
 */
export class SaleHandler implements JobHandler {
  readonly name = SALE;

  constructor(
    private readonly transactions: PartneroTransactions,
    private readonly customers: AnyCustomers,
    private readonly program: SalesProgram,
    private readonly graceMs: number,
  ) {}

  async deliver(job: Job, signal: AbortSignal, checkpoint: Checkpoint): Promise<DeliveryResult> {
    const sale = readSale(job.payload, this.program);
    if (sale?.key === undefined) {
      return completed('rejected', { requests: 0 }, 'unreadable_payload');
    }
    const sentAt = readSentMark(job.checkpoint);
    const deferred = sentAt === null ? null : await this.deferAfter(sentAt, checkpoint);
    if (deferred) return deferred;
    const attempt: Attempt = {
      job,
      sale,
      key: sale.key,
      signal,
      checkpoint,
      wasSent: sentAt !== null,
      isUnreferred: false,
      requests: 0,
    };
    try {
      return (await this.found(attempt)) ?? (await this.send(attempt));
    } catch (error) {
      if (isInvalid(error)) return rejected(attempt, error);
      return this.afterTrouble(error);
    }
  }

  facts({ payload }: Job): JobFacts {
    return { transactionKey: readSale(payload, this.program)?.key };
  }

  private async deferAfter(sentAt: number, checkpoint: Checkpoint): Promise<DeliveryResult | null> {
    const left = sentAt + this.graceMs - Date.now();
    if (left <= 0) return null;
    // If the clock was set back, the job would wait for as long as that.
    if (left > this.graceMs) await checkpoint.save(writeSentMark(Date.now()));
    return { type: 'defer', reason: 'unanswered', ms: Math.min(left, this.graceMs) };
  }

  /** The result if Partnero has a transaction under that key; `null` if it has none. */
  private async found(attempt: Attempt): Promise<DeliveryResult | null> {
    const { key, sale, job, signal, wasSent } = attempt;
    attempt.requests += 1;
    const there = await transactionsUnder(this.transactions, key, signal);
    if (there.length === 0) return null;
    const isSame = there.some((each) => isSameSale(each, sale, job.orderingKey));
    if (!isSame) return { ...completed('conflict', attempt, 'at_partnero'), releasesKey: true };
    return completed(wasSent ? 'recorded' : 'duplicate', attempt, 'at_partnero');
  }

  private async send(attempt: Attempt): Promise<DeliveryResult> {
    const { sale, signal, checkpoint } = attempt;
    if (!(await this.hasBuyer(attempt))) return notAttributed(attempt, 'unknown_customer');
    const elapsedMs = stopwatch();
    if (!(await checkpoint.save(writeSentMark(Date.now())))) return TAKEN_OVER;
    const withinMs = Math.min(checkpoint.sendWithinMs ?? SEND_WITHIN_MS, SEND_WITHIN_MS);
    try {
      attempt.requests += 1;
      await this.transactions.create(sale, { signal, sendWithinMs: withinMs - elapsedMs() });
      return completed('recorded', attempt);
    } catch (error) {
      if (isUnsent(error)) return { type: 'defer', reason: 'too_late', ms: this.graceMs };
      if (!isRefusal(error)) throw error;
      return this.refused(attempt, error);
    }
  }

  /** A hit by e-mail is somebody else. */
  private async hasBuyer(attempt: Attempt): Promise<boolean> {
    const { job, signal } = attempt;
    try {
      attempt.requests += 1;
      const customer = await this.customers.get(job.orderingKey, { signal });
      attempt.isUnreferred = customer.referring_customer === null;
      return ownKeyOf(customer, this.program) === job.orderingKey;
    } catch (error) {
      if (!(error instanceof PartneroError)) throw error;
      if (error.kind === 'not_found' || error.kind === 'invalid_input') return false;
      throw error;
    }
  }

  /** Refusals aren't documented in full, so we check whether the sale is there, then its fields. */
  private async refused(attempt: Attempt, error: PartneroError): Promise<DeliveryResult> {
    const found = await this.found(attempt);
    if (found) return found;
    const fields = Object.keys(error.fieldErrors);
    const aboutCustomer = fields.length > 0 && fields.every((field) => /customer/i.test(field));
    if (aboutCustomer || attempt.isUnreferred || error.kind === 'not_found') {
      return notAttributed(attempt, reasonOf(error));
    }
    return rejected(attempt, error);
  }

  private afterTrouble(error: unknown): DeliveryResult {
    const result = failureResult(error);
    const isUnanswered = error instanceof PartneroError && error.ambiguous;
    if (result.type !== 'retry' || !isUnanswered) return result;
    return { ...result, afterMs: this.graceMs };
  }
}

/** Nothing left this process. */
function isUnsent(error: unknown): boolean {
  return error instanceof PartneroError && error.kind === 'aborted' && !error.ambiguous;
}

/** If it is submitted again, it is sent again. */
function rejected(attempt: Attempt, error: PartneroError): CompletedResult {
  return { ...completed('rejected', attempt, reasonOf(error)), releasesKey: true };
}

/** If the customer is attributed later and the sale is submitted again, it is recorded. */
function notAttributed(attempt: Attempt, reason: string): CompletedResult {
  return { ...completed('not_attributed', attempt, reason), releasesKey: true };
}
