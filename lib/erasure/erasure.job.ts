import { PartneroError } from '../api/partnero.error.js';
import type { CallOptions } from '../api/call-options.js';
import type { Job } from '../outbox/job.js';
import type { Advice, DeliverySteps, JobKind } from '../outbox/job-kind.js';
import type { SettledVerdict, Verdict } from '../outbox/verdict.js';
import { isRefusal, reasonOf, verdictOn } from '../verdict-on.js';
import type { ErasureOutcome } from './erasure.outcome.js';

export const ERASURE = 'erasure';

const SENT = 'sent';

/** Deletes a customer at Partnero, and then whatever is kept of him here. */
export class ErasureJob implements JobKind {
  readonly name = ERASURE;

  constructor(
    private readonly customers: { delete(key: string, options: CallOptions): Promise<void> },
  ) {}

  async deliver(job: Job, signal: AbortSignal, steps: DeliverySteps): Promise<Verdict> {
    try {
      if (job.progress !== SENT && !(await steps.note(SENT))) {
        return { type: 'wait', reason: 'taken_over', ms: 0 };
      }
      await this.customers.delete(job.lane, { signal });
      return settled('erased');
    } catch (error) {
      if (isNobody(error)) return settled(job.progress === SENT ? 'erased' : 'not_found');
      if (!isRefusal(error)) return verdictOn(error);
      return { ...settled('rejected', reasonOf(error)), forgets: false };
    }
  }

  advice({ outcome }: SettledVerdict): Advice | undefined {
    if (outcome !== 'rejected') return undefined;
    return { text: 'Partnero refused to delete the customer: do it there by hand', isError: true };
  }
}

/** A key that no path can hold isn't there either. */
function isNobody(error: unknown): boolean {
  return error instanceof PartneroError && ['not_found', 'invalid_input'].includes(error.kind);
}

function settled(outcome: ErasureOutcome, reason?: string): SettledVerdict {
  return { type: 'settled', outcome, reason, freesKey: true, forgets: true };
}
