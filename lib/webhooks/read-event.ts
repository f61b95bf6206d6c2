import { createHash } from 'node:crypto';
import { parseObject } from '../api/envelope.js';
import { isKnownName, type PartneroWebhookEvent } from './event.model.js';

/** Longer than any name of an event. */
const MAX_NAME = 200;

/** The event in what was signed; `null` if it is none. */
export function readEvent(bytes: Uint8Array, program: string): PartneroWebhookEvent | null {
  const envelope = parseObject(decode(bytes));
  if (!envelope) return null;
  return toEvent(createHash('sha256').update(bytes).digest('hex'), envelope, program);
}

/** How an event is kept until its handlers are done with it. */
export function writeStored({ id, envelope }: PartneroWebhookEvent): string {
  return JSON.stringify({ id, envelope });
}

/** `null` if it isn't what `writeStored` made. */
export function readStored(text: string, program: string): PartneroWebhookEvent | null {
  const { id, envelope } = parseObject(text) ?? {};
  return typeof id === 'string' && isObject(envelope) ? toEvent(id, envelope, program) : null;
}

function toEvent(
  id: string,
  envelope: Record<string, unknown>,
  program: string,
): PartneroWebhookEvent | null {
  const { event: name, data = null, webhook_key: webhookKey } = envelope;
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME) return null;
  const facts = {
    id,
    name,
    data,
    // An older revision of the documentation calls it `timestamp`.
    createdAt: toDate(envelope['created_at'] ?? envelope['timestamp']),
    webhookKey: typeof webhookKey === 'string' ? webhookKey : null,
    program,
    envelope,
  };
  const type = isKnownName(name) && isObject(data) ? name : 'unknown';
  return { ...facts, type } as PartneroWebhookEvent;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** ISO 8601 as documented; or Unix time, in seconds or milliseconds. */
function toDate(value: unknown): Date | null {
  const seconds = typeof value === 'number' && value < 1e11;
  const date = new Date(seconds ? value * 1_000 : (value as string | number));
  const isTime = typeof value === 'string' || typeof value === 'number';
  return isTime && !Number.isNaN(date.getTime()) ? date : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
