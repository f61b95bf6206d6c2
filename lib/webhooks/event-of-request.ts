import type { PartneroWebhookEvent } from './event.model.js';

const EVENT = Symbol('nestjs-partnero:event');

type Marked = { [EVENT]?: PartneroWebhookEvent };

/** The event of a request that has passed the guard. */
export function eventOf(request: object): PartneroWebhookEvent | undefined {
  return (request as Marked)[EVENT];
}

export function setEventOf(request: object, event: PartneroWebhookEvent): void {
  (request as Marked)[EVENT] = event;
}
