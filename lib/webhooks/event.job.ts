import { parseObject } from '../api/envelope.js';
import type { SubmittedJob } from '../outbox/job.js';
import type { PartneroWebhookEvent } from './event.model.js';
import { toEvent } from './read-event.js';

/**
 * The job of one event at one handler. Its name is the handler's id, so that counts and requeueing are by
 * handler. Its key is the event's id, so that a repeated delivery ends as `duplicate`.
 */
export function jobOf(event: PartneroWebhookEvent, handlerId: string): SubmittedJob {
  return {
    name: handlerId,
    orderingKey: orderingKeyOf(event.id, handlerId),
    referralKey: null,
    payload: JSON.stringify({ id: event.id, envelope: event.envelope }),
    queuedAt: Date.now(),
    key: {
      value: event.id,
      digest: event.id,
      ifTaken: { same: 'duplicate', different: 'duplicate', cancelled: 'duplicate' },
    },
  };
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
  if (typeof id !== 'string' || typeof envelope !== 'object' || envelope === null) return null;
  return toEvent(id, { ...envelope }, program);
}
