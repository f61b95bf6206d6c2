import { nameOfThrown, placeOfThrown } from '../common/describe-thrown.js';
import { ThrottledLogger } from '../common/throttled-logger.js';
import { within } from '../common/within.js';
import type { DeliveryResult } from '../outbox/delivery-result.js';
import type { Job } from '../outbox/job.js';
import type { JobHandler } from '../outbox/job-handler.js';
import type { OutboxLog } from '../outbox/outbox-engine.js';
import type { ResolvedOptions } from '../partnero.options.js';
import { eventOfJob } from './event.job.js';
import { selects, type PartneroWebhookEvent } from './event.model.js';
import { HandlerSlots } from './handler-slots.js';
import type { HandlerMethod } from './webhook.discovery.js';

/** A handler neither completed nor failed within `webhooks.handlerTimeoutMs`. */
export class HandlerTimeoutError extends Error {
  override readonly name = 'HandlerTimeoutError';
}

/** Passes events to a method with `@OnPartneroEvent()`. Its jobs have the handler's id as name. */
export class EventHandler implements JobHandler {
  readonly name: string;
  private readonly slots: HandlerSlots;
  private readonly throttled: ThrottledLogger;

  constructor(
    private readonly method: HandlerMethod,
    private readonly options: ResolvedOptions,
    private readonly log: OutboxLog,
  ) {
    this.name = method.id;
    this.slots = new HandlerSlots(options.delivery.concurrency);
    this.throttled = new ThrottledLogger((message) => log.warn(message));
  }

  wants(event: PartneroWebhookEvent): boolean {
    return this.method.selectors.some((selector) => selects(selector, event));
  }

  async deliver(job: Job, signal: AbortSignal): Promise<DeliveryResult> {
    const event = eventOfJob(job.payload, this.options.name);
    if (!event) {
      return { type: 'completed', outcome: 'invalid', reason: 'unreadable_payload', requests: 0 };
    }
    const waitMs = this.slots.take();
    if (waitMs > 0) return { type: 'defer', reason: 'handler_busy', ms: waitMs };
    const startedAt = performance.now();
    try {
      const failure = await this.handle(event, job.attempts + 1, signal);
      if (failure !== null) return { type: 'retry', reason: failure, jobOnly: true };
      return { type: 'completed', outcome: 'handled', requests: 0 };
    } finally {
      this.slots.free(performance.now() - startedAt);
    }
  }

  /**
   * Calls the method once.
   *
   * @param attempt counted from 1
   * @param stop aborts the method's signal
   * @returns the name of what the method threw; `null` if it succeeded
   */
  async handle(
    event: PartneroWebhookEvent,
    attempt: number,
    stop?: AbortSignal,
  ): Promise<string | null> {
    try {
      await this.callInTime(event, stop);
      return null;
    } catch (error) {
      this.report(event, attempt, error);
      return nameOfThrown(error);
    }
  }

  private async callInTime(event: PartneroWebhookEvent, stop?: AbortSignal): Promise<void> {
    const { handlerTimeoutMs: ms } = this.options.webhooks;
    const controller = new AbortController();
    // AbortSignal.any() would keep the method's listeners for as long as the app runs.
    const onStop = () => controller.abort(stop?.reason);
    if (stop?.aborted) onStop();
    stop?.addEventListener('abort', onStop);
    try {
      const handled = this.method.call(event, controller.signal).then(() => true);
      if (await within(ms, handled, { ref: false })) return;
      const error = new HandlerTimeoutError(`${this.name} took longer than ${ms} ms.`);
      controller.abort(error);
      throw error;
    } finally {
      stop?.removeEventListener('abort', onStop);
    }
  }

  private report(
    { id: eventId, name: event }: PartneroWebhookEvent,
    attempt: number,
    error: unknown,
  ) {
    const { onHandlerError } = this.options.webhooks;
    const thrown = nameOfThrown(error);
    this.throttled.warn(thrown, () => {
      const place = placeOfThrown(error);
      return (
        `${this.name} threw ${thrown} on the event ${event} ${eventId} (attempt ${attempt})` +
        `${place ? `, at ${place}` : ''}. Its message may hold personal data and isn't logged; ` +
        'webhooks.onHandlerError gets it.'
      );
    });
    void Promise.resolve()
      .then(() => onHandlerError?.(error, { handler: this.name, eventId, event, attempt }))
      .catch(() => this.log.error('webhooks.onHandlerError threw.'));
  }
}
