import type { ServerResponse } from 'node:http';
import { nodeResponse } from '../common/node-response.js';

/**
 * Tells how a response ended: `good` below 400, `bad` from 400 on, `closed` if it never finished. It
 * may have ended before anybody listens: a guard takes its time, and the visitor leaves. False if
 * there is nothing to listen to.
 */
export function onResponseEnd(
  response: unknown,
  listener: (how: 'good' | 'bad' | 'closed') => void,
): boolean {
  const raw = nodeResponse(response);
  if (!raw) return false;
  const finished = () => listener(raw.statusCode < 400 ? 'good' : 'bad');
  if (raw.writableFinished) listener(statusSent(raw) < 400 ? 'good' : 'bad');
  else if (raw.destroyed) listener('closed');
  else {
    // The events decide: Fastify's `inject` finishes without setting `writableFinished`.
    raw.once('finish', finished);
    raw.once('close', () => listener('closed'));
  }
  return true;
}

/** What went out. Nest sets the handler's `statusCode` on a response that has long been sent, too. */
function statusSent(raw: ServerResponse): number {
  // As it went out, in text.
  const { _header: header } = raw as { _header?: string | null };
  const line = /^HTTP\/[\d.]+ (\d{3})/.exec(header ?? '');
  return line ? Number(line[1]) : raw.statusCode;
}

export function isResponse(value: unknown, response: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return value === response || value === nodeResponse(response);
}
