import { PartneroError } from './api/partnero.error.js';
import type { SubmittedJob } from './outbox/job.js';
import { OutboxError } from './outbox/outbox.error.js';
import type { Outbox, Submitted } from './outbox/outbox.js';

/** Hands over what must be kept, and says so if it can't be: whoever asked for it asks again. */
export class SubmissionService {
  constructor(
    /** `null` if there is none that keeps anything; then why. */
    private readonly outbox: Outbox | null,
    private readonly because: string,
  ) {}

  /** @throws PartneroError `outbox_unavailable` */
  async submit(job: SubmittedJob): Promise<Submitted> {
    if (!this.outbox) throw unavailable(this.because);
    try {
      return await this.outbox.submit(job);
    } catch (error) {
      throw unavailable(
        error instanceof Error ? error.message : 'unknown error',
        error instanceof OutboxError ? error : undefined,
      );
    }
  }
}

function unavailable(why: string, error?: OutboxError): PartneroError {
  return new PartneroError({
    kind: 'outbox_unavailable',
    code: error?.reason,
    message:
      `It could not be kept, and nothing was sent to Partnero: ${why}. Answer with an error, so that ` +
      'whoever told you (a payment provider) tells you again.',
    ambiguous: error?.fateUnknown ?? false,
  });
}
