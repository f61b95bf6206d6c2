import { PartneroError } from '../api/partnero.error.js';
import type { CustomerId } from '../common/customer-id.js';
import { toKey } from '../common/customer-id.js';
import type { SubmittedJob } from '../outbox/job.js';
import type { SubmissionService } from '../program/submission.service.js';
import { ERASURE } from './job-name.js';

/** The result of submitting an erasure. */
export interface SubmittedErasure {
  readonly jobId: string;
  /** `duplicate`: the same erasure is queued already. */
  readonly outcome: 'queued' | 'duplicate';
}

/** From a deletion request to a job in the outbox. */
export class ErasureService {
  constructor(private readonly submissions: SubmissionService) {}

  /** @throws PartneroError `invalid_input`, `outbox_unavailable` */
  async erase(given: CustomerId): Promise<SubmittedErasure> {
    const customerKey = toKey(given);
    if (customerKey === undefined) throw noKey();
    const ifTaken = { same: 'duplicate', different: 'duplicate', cancelled: 'duplicate' };
    const job: SubmittedJob = {
      name: ERASURE,
      orderingKey: customerKey,
      overrides: true,
      referralKey: null,
      payload: '{}',
      queuedAt: Date.now(),
      key: { value: customerKey, digest: '', ifTaken },
    };
    const submitted = await this.submissions.submit(job, { customerKey });
    return submitted as SubmittedErasure;
  }
}

function noKey(): PartneroError {
  return new PartneroError({
    kind: 'invalid_input',
    message: 'erase() takes your own id of a customer: a string, an integer or a bigint.',
    fieldErrors: { key: ['must be your own id of a customer'] },
  });
}
