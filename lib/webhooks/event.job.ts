import { parseObject } from '../api/envelope.js';
import { isObject } from '../common/is-object.js';
import type { SubmittedJob } from '../outbox/job.js';
import type { PartneroWebhookEvent } from './event.model.js';
import { toEvent } from './read-event.js';

/**
 * The jobs of one event, one for each handler. Their name is the handler's id, so that counts and
 * requeueing are by handler. Their key is the event's id, so that a repeated delivery ends as `duplicate`.
 */
export function jobsOf(event: PartneroWebhookEvent, handlerIds: readonly string[]): SubmittedJob[] {
  const { id, envelope } = event;
  const payload = JSON.stringify({ id, envelope });
  const ifTaken = { same: 'duplicate', different: 'duplicate', cancelled: 'duplicate' };
  return handlerIds.map((handlerId) => ({
    name: handlerId,
    orderingKey: orderingKeyOf(id, handlerId),
    referralKey: null,
    payload,
    queuedAt: Date.now(),
    key: { value: id, digest: id, ifTaken },
  }));
}

/**
 * Every event at every handler is an ordering key of its own: Partnero promises no order, and a handler
 * that fails on an event must delay neither the other handlers nor its own other events.
 */
export function orderingKeyOf(eventId: string, handlerId: string): string {
  return `${eventId}:${handlerId}`;
}

/** The event in a job's payload; `null` if it can't be read. */
export function eventOfJob(payload: string, program: string): PartneroWebhookEvent | null {
  const { id, envelope } = parseObject(payload) ?? {};
  return typeof id === 'string' && isObject(envelope) ? toEvent(id, envelope, program) : null;
}
