import type { EventHandler } from './event.handler.js';
import type { PartneroWebhookEvent } from './event.model.js';

/** The result of `webhooks.dispatch()`. */
export interface Dispatched {
  /** Handlers that will get the event, or without a durable outbox have got it. */
  readonly queued: number;
  /** Handlers for which it was queued before: a repeated delivery. */
  readonly duplicates: number;
}

/** Resolves once the event is saved for its handlers. */
export interface EventDispatcher {
  /** @throws HttpException that makes Partnero deliver the event again */
  dispatch(event: PartneroWebhookEvent, handlers: readonly EventHandler[]): Promise<Dispatched>;
}
