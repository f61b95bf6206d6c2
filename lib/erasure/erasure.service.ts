import type { CustomerId } from '../common/customer-id.js';
import type { SubmittedJob } from '../outbox/job.js';
import { checkKey } from '../program/check-input.js';
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
    const customerKey = checkKey(given, 'key');
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
