import type { CustomerId } from '../customer-id.js';
import { toKey } from '../customer-id.js';
import { PartneroError } from '../api/partnero.error.js';
import type { OutcomeReporter } from '../outcome.reporter.js';
import type { SubmissionService } from '../submission.service.js';
import { ERASURE } from './erasure.job.js';

/** What became of an erasure as it was handed over. */
export interface KeptErasure {
  readonly jobId: string;
  /** `duplicate`: the same one is on its way already. */
  readonly outcome: 'accepted' | 'duplicate';
}

/** From a deletion request to a job in the outbox. */
export class ErasureService {
  constructor(
    private readonly submissions: SubmissionService,
    private readonly reporter: OutcomeReporter,
  ) {}

  /** @throws PartneroError `invalid_input`, `outbox_unavailable` */
  async erase(given: CustomerId): Promise<KeptErasure> {
    const customerKey = toKey(given);
    if (customerKey === undefined) throw noKey();
    const { id: jobId, outcome } = await this.submissions.submit({
      kind: ERASURE,
      lane: customerKey,
      referralKey: null,
      payload: '{}',
      acceptedAt: Date.now(),
      key: {
        value: customerKey,
        digest: '',
        ifTaken: { same: 'duplicate', different: 'duplicate', withdrawn: 'duplicate' },
      },
    });
    if (outcome === null) return { jobId, outcome: 'accepted' };
    this.reporter.reportAtOnce({ outcome, kind: ERASURE, jobId, customerKey });
    return { jobId, outcome: 'duplicate' };
  }
}

function noKey(): PartneroError {
  return new PartneroError({
    kind: 'invalid_input',
    message: 'erase() takes your own id of a customer: a text, a whole number or a bigint.',
    fieldErrors: { key: ['must be your own id of a customer'] },
  });
}
