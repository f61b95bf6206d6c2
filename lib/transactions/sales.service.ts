import type { CustomerId } from '../common/customer-id.js';
import { maskKey } from '../common/mask-key.js';
import type { JobKey, SubmittedJob } from '../outbox/job.js';
import type { OutboxLog } from '../outbox/outbox-engine.js';
import { checkKey } from '../program/check-input.js';
import type { SubmissionService } from '../program/submission.service.js';
import { REFUND } from './refund.handler.js';
import {
  checkSale,
  digestOf,
  writeSale,
  type ReferAFriendSale,
  type Sale,
  type SalesProgram,
} from './sale.js';
import { SALE } from './sale.handler.js';

/** The result of submitting a sale or a refund. */
export interface SubmittedSale {
  /** The job's id in the outbox: see `outbox.find()`. */
  readonly jobId: string;
  /** `queued`: it will reach Partnero. Otherwise the outcome, since its key was taken. */
  readonly outcome: 'queued' | 'duplicate' | 'conflict' | 'refunded';
}

const IF_TAKEN: JobKey['ifTaken'] = {
  same: 'duplicate',
  different: 'conflict',
  cancelled: 'refunded',
};

/** From a sale or a refund to a job in the outbox. */
export class SalesService {
  constructor(
    private readonly options: { readonly program: SalesProgram },
    private readonly submissions: SubmissionService,
    private readonly log: OutboxLog,
  ) {}

  /** @throws PartneroError `invalid_input`, `outbox_unavailable` */
  async record(given: Sale | ReferAFriendSale): Promise<SubmittedSale> {
    const sale = checkSale(given, this.options.program);
    const { key, customerKey } = sale;
    const job: SubmittedJob = {
      name: SALE,
      orderingKey: customerKey,
      referralKey: null,
      payload: writeSale(sale),
      queuedAt: Date.now(),
      key: { value: key, digest: digestOf(sale), ifTaken: IF_TAKEN },
    };
    const facts = { customerKey, transactionKey: key };
    const submitted = await this.submissions.submit(job, facts);
    if (submitted.outcome === 'conflict') this.logConflict(key, customerKey);
    return submitted as SubmittedSale;
  }

  /** @throws PartneroError `invalid_input`, `outbox_unavailable` */
  async refund(given: CustomerId): Promise<SubmittedSale> {
    const key = checkKey(given, 'key');
    const job: SubmittedJob = {
      name: REFUND,
      // Used if the sale isn't known.
      orderingKey: `refund:${key}`,
      referralKey: null,
      payload: key,
      queuedAt: Date.now(),
      key: { value: key, digest: '', ifTaken: IF_TAKEN },
      cancels: { name: SALE, key },
    };
    return (await this.submissions.submit(job, { transactionKey: key })) as SubmittedSale;
  }

  private logConflict(key: string, customerKey: string): void {
    this.log.error(
      `The sale ${maskKey(key)} of customer ${maskKey(customerKey)} was not recorded: its key is ` +
        'taken by a sale with another amount, currency or customer. Give each sale its own key.',
    );
  }
}
