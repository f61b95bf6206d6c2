import { ownKeyOf, type AnyCustomers } from '../api/customers/any-customers.js';
import { PartneroError } from '../api/partnero.error.js';
import type { CompletedResult, DeliveryResult } from '../outbox/delivery-result.js';
import type { Job } from '../outbox/job.js';
import { unmark, type Checkpoint, type JobHandler } from '../outbox/job-handler.js';
import {
  failureResult,
  isRefusal,
  isUndone,
  reasonOf,
  TAKEN_OVER,
} from '../program/delivery-results.js';
import type { ErasureOutcome } from './erasure.outcome.js';
import { ERASURE } from './job-name.js';

const SENT = 'sent';

/** Deletes a customer at Partnero, then the customer's history in the outbox. */
export class ErasureHandler implements JobHandler {
  readonly name = ERASURE;

  constructor(
    private readonly customers: AnyCustomers,
    private readonly program: 'affiliate' | 'refer-a-friend',
  ) {}

  async deliver(job: Job, signal: AbortSignal, checkpoint: Checkpoint): Promise<DeliveryResult> {
    const { orderingKey: key } = job;
    const wasSent = job.checkpoint === SENT;
    try {
      if (!(await this.isTheirOwnKey(key, signal))) {
        return completed(wasSent ? 'erased' : 'not_found');
      }
      if (!wasSent && !(await checkpoint.save(SENT))) return TAKEN_OVER;
      await this.customers.delete(key, { signal });
      return completed('erased');
    } catch (error) {
      if (isNobody(error)) return completed(wasSent ? 'erased' : 'not_found');
      if (isRefusal(error)) {
        return { ...completed('rejected', reasonOf(error)), purgesHistory: false };
      }
      // Nobody was deleted: if Partnero has no such customer later, it isn't we who deleted them.
      if (!wasSent && isUndone(error)) await unmark(checkpoint);
      return failureResult(error);
    }
  }

  /**
   * Partnero finds customers by e-mail address, and by ids of its own, too: that one may be somebody else.
   */
  private async isTheirOwnKey(key: string, signal: AbortSignal): Promise<boolean> {
    return ownKeyOf(await this.customers.get(key, { signal }), this.program) === key;
  }
}

/** A key that fits in no path can't be a customer's either. */
function isNobody(error: unknown): boolean {
  return error instanceof PartneroError && ['not_found', 'invalid_input'].includes(error.kind);
}

function completed(outcome: ErasureOutcome, reason?: string): CompletedResult {
  return { type: 'completed', outcome, reason, releasesKey: true, purgesHistory: true };
}
