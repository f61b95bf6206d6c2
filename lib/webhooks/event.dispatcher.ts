import type { EventHandler } from './event.handler.js';
import type { PartneroWebhookEvent } from './event.model.js';

/** What `webhooks.dispatch()` came to. */
export interface Dispatched {
  /** Handlers that will get the event, or, without a durable outbox, have got it. */
  readonly accepted: number;
  /** Handlers for which it had been accepted before: a repeated delivery. */
  readonly duplicates: number;
}

/** Takes an event over for its handlers: resolves once that is safe. */
export interface EventDispatcher {
  /** @throws HttpException that has Partnero deliver it again */
  dispatch(event: PartneroWebhookEvent, handlers: readonly EventHandler[]): Promise<Dispatched>;
}
