import type { DeliveryResult } from '../outbox/delivery-result.js';
import type { JobHandler } from '../outbox/job-handler.js';
import type { Job } from '../outbox/job.js';
import type { EventHandler } from './event.handler.js';
import type { HandlerFailures } from './handler.failures.js';
import { HandlerSlots } from './handler-slots.js';
import { readStored } from './read-event.js';

/** Passes queued events to one `@OnPartneroEvent()` handler. Its jobs have the handler's id as name. */
export class EventJobHandler implements JobHandler {
  readonly name: string;
  private readonly slots: HandlerSlots;

  /** @param concurrency how many events the handler handles at once */
  constructor(
    private readonly handler: EventHandler,
    private readonly program: string,
    concurrency: number,
    private readonly failures: HandlerFailures,
  ) {
    this.name = handler.id;
    this.slots = new HandlerSlots(concurrency);
  }

  async deliver(job: Job, signal: AbortSignal): Promise<DeliveryResult> {
    const waitMs = this.slots.take();
    if (waitMs > 0) return { type: 'defer', reason: 'handler_busy', ms: waitMs };
    const started = performance.now();
    try {
      return await this.handle(job, signal);
    } finally {
      this.slots.free(performance.now() - started);
    }
  }

  private async handle(job: Job, signal: AbortSignal): Promise<DeliveryResult> {
    const event = readStored(job.payload, this.program);
    if (!event) {
      return { type: 'completed', outcome: 'invalid', reason: 'unreadable_payload', requests: 0 };
    }
    try {
      await this.handler.handle(event, signal);
      return { type: 'completed', outcome: 'handled', requests: 0 };
    } catch (error) {
      const reason = this.failures.report(this.handler, event, job.attempts + 1, error);
      return { type: 'retry', reason, jobOnly: true };
    }
  }
}
