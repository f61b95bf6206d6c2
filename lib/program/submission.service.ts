import { PartneroError } from '../api/partnero.error.js';
import { errorMessage } from '../common/error-message.js';
import type { SubmittedJob } from '../outbox/job.js';
import { OutboxError } from '../outbox/outbox.error.js';
import type { ResolvedOptions } from '../partnero.options.js';
import type { Outcome } from './outcome.js';
import type { OutcomeReporter } from './outcome.reporter.js';
import type { ProgramOutbox } from './program.outbox.js';

/** Saves jobs that must not be lost, and fails if it can't, so that the caller can ask again. */
export class SubmissionService {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly outbox: ProgramOutbox,
    private readonly reporter: OutcomeReporter,
  ) {}

  /**
   * Resolves with `queued`, or with the outcome if the job's key was taken. That one is reported.
   * @throws PartneroError `outbox_unavailable`
   */
  async submit(
    job: SubmittedJob,
    facts: Pick<Outcome, 'customerKey' | 'transactionKey'>,
  ): Promise<{ readonly jobId: string; readonly outcome: string }> {
    const { queue } = this.outbox;
    if (!queue || !this.options.outbox.durable) throw unavailable(whyNot(this.options));
    try {
      const { id: jobId, outcome } = await queue.submit(job);
      if (outcome === null) return { jobId, outcome: 'queued' };
      this.reporter.report({ outcome, jobName: job.name, jobId, ...facts });
      return { jobId, outcome };
    } catch (error) {
      throw unavailable(errorMessage(error), error instanceof OutboxError ? error : undefined);
    }
  }
}

function whyNot({ outbox, enabled }: ResolvedOptions): string {
  if (!outbox.durable) return 'inlineOutbox() saves nothing; use another outbox';
  return enabled === false
    ? 'this program is disabled by the option enabled'
    : 'this program has no API key, or is of a type without customers';
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
