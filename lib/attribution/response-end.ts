/** Of Express's response and Fastify's reply: Node's own response. */
interface NodeResponse {
  readonly statusCode: number;
  once(event: 'finish' | 'close', listener: () => void): unknown;
}

/**
 * Tells how a response ended: `good` below 400, `bad` from 400 on, `closed` if it never finished.
 * Only events are trusted: Fastify's `inject` finishes without setting `writableFinished`. False if
 * there is nothing to listen to.
 */
export function onResponseEnd(
  response: unknown,
  listener: (how: 'good' | 'bad' | 'closed') => void,
): boolean {
  const raw = nodeResponse(response);
  if (!raw) return false;
  raw.once('finish', () => listener(raw.statusCode < 400 ? 'good' : 'bad'));
  raw.once('close', () => listener('closed'));
  return true;
}

export function isResponse(value: unknown, response: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return value === response || value === nodeResponse(response);
}

function nodeResponse(response: unknown): NodeResponse | undefined {
  const outer = response as { raw?: unknown } | null | undefined;
  const raw = (outer?.raw ?? outer) as NodeResponse | null | undefined;
  return typeof raw?.once === 'function' ? raw : undefined;
}
