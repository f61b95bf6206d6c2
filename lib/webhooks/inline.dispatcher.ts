import { InternalServerErrorException } from '@nestjs/common';
import type { Dispatched, EventDispatcher } from './event.dispatcher.js';
import type { EventHandler } from './event.handler.js';
import type { PartneroWebhookEvent } from './event.model.js';
import type { HandlerFailures } from './handler.failures.js';

/** Calls the handlers while Partnero waits, since nothing can be saved. Doesn't detect repetitions. */
export class InlineDispatcher implements EventDispatcher {
  constructor(private readonly failures: HandlerFailures) {}

  async dispatch(
    event: PartneroWebhookEvent,
    handlers: readonly EventHandler[],
  ): Promise<Dispatched> {
    const results = await Promise.allSettled(handlers.map((handler) => handler.handle(event)));
    for (const [index, result] of results.entries()) {
      if (result.status === 'fulfilled') continue;
      this.failures.report(handlers[index]!, event, 1, result.reason);
    }
    if (results.some(({ status }) => status === 'rejected')) {
      throw new InternalServerErrorException(
        'A handler failed; Partnero will deliver the event again.',
      );
    }
    return { queued: handlers.length, duplicates: 0 };
  }
}
