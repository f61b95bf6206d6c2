import { createHash } from 'node:crypto';
import { parseObject } from '../api/envelope.js';
import { isObject } from '../common/is-object.js';
import { isKnownName, type PartneroWebhookEvent } from './event.model.js';

/** Longer than any name of an event. */
const MAX_NAME = 200;
/** Far deeper than any event. JSON.stringify() overflows the stack at some thousand levels. */
const MAX_DEPTH = 100;

/** The event in a signed body; `null` if the body holds none. */
export function readEvent(bytes: Uint8Array, program: string): PartneroWebhookEvent | null {
  const envelope = parseObject(decode(bytes));
  if (!envelope || isDeeper(envelope, MAX_DEPTH)) return null;
  return toEvent(createHash('sha256').update(bytes).digest('hex'), envelope, program);
}

/** `null` if the envelope holds no event. */
export function toEvent(
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
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const seconds = typeof value === 'number' && value < 1e11;
  const date = new Date(seconds ? value * 1_000 : value);
  return Number.isNaN(date.getTime()) ? null : date;
}

function isDeeper(value: object, levels: number): boolean {
  let level: unknown[] = [value];
  // Without recursion: such a value would overflow the stack.
  for (let depth = 0; depth < levels && level.length > 0; depth += 1) {
    level = level.flatMap((each) =>
      typeof each === 'object' && each !== null ? Object.values(each) : [],
    );
  }
  return level.length > 0;
}
