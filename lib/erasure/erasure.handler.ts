import { PartneroError } from '../api/partnero.error.js';
import type { CallOptions } from '../api/call-options.js';
import type { Job } from '../outbox/job.js';
import { unmark, type Advice, type Checkpoint, type JobHandler } from '../outbox/job-handler.js';
import type { CompletedResult, DeliveryResult } from '../outbox/delivery-result.js';
import { isRefusal, isUndone, reasonOf, failureResult } from '../program/delivery-failure.js';
import { ERASURE_REJECTED, type ErasureOutcome } from './erasure.outcome.js';
import { ERASURE } from './job-name.js';

const SENT = 'sent';

/** What an erasure needs of `/customers`, in either type of program. */
export interface ErasedCustomers {
  get(key: string, options: CallOptions): Promise<{ readonly key?: string; readonly id?: string }>;
  delete(key: string, options: CallOptions): Promise<void>;
}

/** Deletes a customer at Partnero, then the customer's history in the outbox. */
export class ErasureHandler implements JobHandler {
  readonly name = ERASURE;

  constructor(
    private readonly customers: ErasedCustomers,
    private readonly program: 'affiliate' | 'refer-a-friend',
  ) {}

  async deliver(job: Job, signal: AbortSignal, checkpoint: Checkpoint): Promise<DeliveryResult> {
    const { orderingKey: key } = job;
    try {
      if (key.includes('@') && !(await this.isTheirOwnKey(key, signal))) {
        return completed('not_found');
      }
      if (job.checkpoint !== SENT && !(await checkpoint.save(SENT))) {
        return { type: 'defer', reason: 'taken_over', ms: 0 };
      }
      await this.customers.delete(key, { signal });
      return completed('erased');
    } catch (error) {
      if (isNobody(error)) return completed(job.checkpoint === SENT ? 'erased' : 'not_found');
      if (isRefusal(error)) {
        return { ...completed('rejected', reasonOf(error)), purgesHistory: false };
      }
      // Nobody was deleted: if Partnero has no such customer later, it isn't we who deleted them.
      if (job.checkpoint !== SENT && isUndone(error)) await unmark(checkpoint);
      return failureResult(error);
    }
  }

  advice({ outcome }: CompletedResult): Advice | undefined {
    if (outcome !== 'rejected') return undefined;
    return { text: ERASURE_REJECTED, isError: true };
  }

  /** Partnero finds customers by e-mail address too, and that one may be somebody else. */
  private async isTheirOwnKey(key: string, signal: AbortSignal): Promise<boolean> {
    const customer = await this.customers.get(key, { signal });
    return (this.program === 'affiliate' ? customer.key : customer.id) === key;
  }
}

/** A key that fits in no path can't be a customer's either. */
function isNobody(error: unknown): boolean {
  return error instanceof PartneroError && ['not_found', 'invalid_input'].includes(error.kind);
}

function completed(outcome: ErasureOutcome, reason?: string): CompletedResult {
  return { type: 'completed', outcome, reason, releasesKey: true, purgesHistory: true };
}
