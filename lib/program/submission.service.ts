import { errorMessage } from '../common/error-message.js';
import { PartneroError } from '../api/partnero.error.js';
import type { SubmittedJob } from '../outbox/job.js';
import { OutboxError } from '../outbox/outbox.error.js';
import type { OutboxEngine, Submitted } from '../outbox/outbox-engine.js';

/** Saves jobs that must not be lost, and fails if it can't, so that the caller can ask again. */
export class SubmissionService {
  constructor(
    /** `null` if jobs can't be saved; then `because` says why. */
    private readonly outbox: OutboxEngine | null,
    private readonly because: string,
  ) {}

  /** @throws PartneroError `outbox_unavailable` */
  async submit(job: SubmittedJob): Promise<Submitted> {
    if (!this.outbox) throw unavailable(this.because);
    try {
      return await this.outbox.submit(job);
    } catch (error) {
      throw unavailable(errorMessage(error), error instanceof OutboxError ? error : undefined);
    }
  }
}

function unavailable(why: string, error?: OutboxError): PartneroError {
  return new PartneroError({
    kind: 'outbox_unavailable',
    code: error?.reason,
    message:
      `It could not be saved, and nothing was sent to Partnero: ${why}. Respond with an error, so that ` +
      'the sender (such as a payment provider) sends it again.',
    ambiguous: error?.mayBeSaved ?? false,
  });
}
