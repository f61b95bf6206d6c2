import type { CustomerId } from '../customer-id.js';
import { maskKey } from '../mask-key.js';
import type { JobKey, SubmittedJob } from '../outbox/job.js';
import type { OutboxLog } from '../outbox/outbox.js';
import type { OutcomeReporter } from '../outcome.reporter.js';
import type { SubmissionService } from '../submission.service.js';
import { REFUND } from './refund.job.js';
import { SALE } from './sale.job.js';
import {
  checkSale,
  digestOf,
  keyOf,
  writeSale,
  type ReferAFriendSale,
  type Sale,
  type SalesProgram,
} from './sale.js';

/** What became of a sale or refund as it was handed over. */
export interface Kept {
  /** Of the job in the outbox: see `outbox.find()`. */
  readonly jobId: string;
  /** `accepted`: it will reach Partnero. Otherwise how it ended at once. */
  readonly outcome: 'accepted' | 'duplicate' | 'conflict' | 'refunded';
}

const IF_TAKEN: JobKey['ifTaken'] = {
  same: 'duplicate',
  different: 'conflict',
  withdrawn: 'refunded',
};

/** From a sale or a refund to a job in the outbox. */
export class SalesService {
  constructor(
    private readonly program: SalesProgram,
    private readonly submissions: SubmissionService,
    private readonly reporter: OutcomeReporter,
    private readonly log: OutboxLog,
  ) {}

  /** @throws PartneroError `invalid_input`, `outbox_unavailable` */
  async record(given: Sale | ReferAFriendSale): Promise<Kept> {
    const sale = checkSale(given, this.program);
    const { key, customerKey } = sale;
    const kept = await this.keep({
      kind: SALE,
      lane: customerKey,
      referralKey: null,
      payload: writeSale(sale),
      acceptedAt: Date.now(),
      key: { value: key, digest: digestOf(sale), ifTaken: IF_TAKEN },
    });
    if (kept.outcome === 'conflict') this.complain(key, customerKey);
    return kept;
  }

  /** @throws PartneroError `invalid_input`, `outbox_unavailable` */
  async refund(given: CustomerId): Promise<Kept> {
    const key = keyOf(given, 'key');
    return this.keep({
      kind: REFUND,
      // Where its sale isn't known.
      lane: `refund:${key}`,
      referralKey: null,
      payload: key,
      acceptedAt: Date.now(),
      key: { value: key, digest: '', ifTaken: IF_TAKEN },
      withdraws: { kind: SALE, key },
    });
  }

  private async keep(job: SubmittedJob): Promise<Kept> {
    const { id: jobId, outcome } = await this.submissions.submit(job);
    if (outcome === null) return { jobId, outcome: 'accepted' };
    const { kind, lane: customerKey, key } = job;
    this.reporter.reportAtOnce({
      outcome,
      kind,
      jobId,
      transactionKey: key?.value,
      ...(kind === SALE ? { customerKey } : {}),
    });
    return { jobId, outcome: outcome as Kept['outcome'] };
  }

  private complain(key: string, customerKey: string): void {
    this.log.error(
      `The sale ${maskKey(key)} of customer ${maskKey(customerKey)} was not recorded: its key is ` +
        'taken by a sale with another amount, currency or customer. Give each sale a key of its own.',
    );
  }
}
