import { InternalServerErrorException } from '@nestjs/common';
import type { Dispatched, EventDispatcher } from './event.dispatcher.js';
import type { EventHandler } from './event.handler.js';
import type { PartneroWebhookEvent } from './event.model.js';
import type { HandlerFailures } from './handler.failures.js';

/** Where nothing can be kept: handles while Partnero waits, and knows of no repetition. */
export class InlineDispatcher implements EventDispatcher {
  constructor(private readonly failures: HandlerFailures) {}

  async dispatch(
    event: PartneroWebhookEvent,
    handlers: readonly EventHandler[],
  ): Promise<Dispatched> {
    const results = await Promise.allSettled(handlers.map((handler) => handler.handle(event)));
    const errors = results.flatMap((result, index) => {
      if (result.status === 'fulfilled') return [];
      this.failures.report(handlers[index]!, event, 1, result.reason);
      return [result.reason as unknown];
    });
    if (errors.length > 0) {
      const message = 'A handler failed; Partnero will deliver the event again.';
      throw new InternalServerErrorException(message, { cause: errors[0] });
    }
    return { accepted: handlers.length, duplicates: 0 };
  }
}
