import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';
import type { PartneroWebhookEvent } from './event.model.js';

const EVENT = Symbol('nestjs-partnero:event');

/** Saves the verified event on its request, for `@PartneroEvent()`. */
export function setEventOf(request: object, event: PartneroWebhookEvent): void {
  (request as { [EVENT]?: PartneroWebhookEvent })[EVENT] = event;
}

/**
 * Injects the event that was delivered, as a `PartneroWebhookEvent`, on a route with
 * `@PartneroWebhook()`: read from the very bytes whose signature was verified.
 *
 * @example
 * \@Post('webhooks/partnero')
 * \@PartneroWebhook()
 * receive(@PartneroEvent() event: PartneroWebhookEvent) {
 *   return this.partnero.webhooks.dispatch(event)
 * }
 */
export const PartneroEvent: () => ParameterDecorator = createParamDecorator(
  (_: undefined, context: ExecutionContext) => {
    const { [EVENT]: event } = context.getArgByIndex<{ [EVENT]?: PartneroWebhookEvent }>(0);
    if (event) return event;
    throw new PartneroConfigurationError(
      `${context.getClass().name}.${context.getHandler().name} has a parameter with ` +
        '@PartneroEvent(), but no @PartneroWebhook(): nothing has verified the request.',
    );
  },
);
