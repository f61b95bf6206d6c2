import type { RunInAppContext } from '../app-context.js';
import type { DeliveryResult } from '../outbox/delivery-result.js';
import type { JobHandler } from '../outbox/job-handler.js';
import type { Job } from '../outbox/job.js';
import { eventOfJob } from './event.job.js';
import { selects, type PartneroWebhookEvent } from './event.model.js';
import type { HandlerFailures } from './handler.failures.js';
import type { HandlerSlots } from './handler-slots.js';
import type { HandlerMethod } from './webhook.discovery.js';

/** A handler neither completed nor failed within `webhooks.handlerTimeoutMs`. */
export class HandlerTimeoutError extends Error {
  override readonly name = 'HandlerTimeoutError';
}

/** Passes events to a method with `@OnPartneroEvent()`. Its jobs have the handler's id as name. */
export class EventHandler implements JobHandler {
  readonly name: string;

  constructor(
    private readonly method: HandlerMethod,
    private readonly timeoutMs: number,
    private readonly slots: HandlerSlots,
    private readonly failures: HandlerFailures,
    private readonly inAppContext: RunInAppContext,
  ) {
    this.name = method.id;
  }

  wants(event: PartneroWebhookEvent): boolean {
    return this.method.selectors.some((selector) => selects(selector, event));
  }

  async deliver(job: Job, signal: AbortSignal): Promise<DeliveryResult> {
    const event = eventOfJob(job.payload, this.method.program);
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
   * Calls the method once, in the async context of the app's start.
   *
   * @param attempt counted from 1
   * @param stop aborts the method's signal
   * @returns the name of what the method threw; `null` if it succeeded
   */
  handle(event: PartneroWebhookEvent, attempt: number, stop?: AbortSignal): Promise<string | null> {
    return this.inAppContext(async () => {
      try {
        await this.callInTime(event, stop);
        return null;
      } catch (error) {
        return this.failures.report(this.name, event, attempt, error);
      }
    });
  }

  private async callInTime(event: PartneroWebhookEvent, stop?: AbortSignal): Promise<void> {
    const abort = new AbortController();
    const signal = stop ? AbortSignal.any([abort.signal, stop]) : abort.signal;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new HandlerTimeoutError(
          `${this.name} took longer than ${this.timeoutMs} ms.`,
        );
        abort.abort(error);
        reject(error);
      }, this.timeoutMs).unref();
    });
    try {
      await Promise.race([this.method.call(event, signal), timeout]);
    } finally {
      clearTimeout(timer);
    }
  }
}
