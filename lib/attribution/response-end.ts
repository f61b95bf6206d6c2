/** Of Express's response and Fastify's reply: Node's own response. */
interface NodeResponse {
  readonly statusCode: number;
  readonly writableFinished?: boolean;
  readonly destroyed?: boolean;
  /** As it went out, in text. */
  readonly _header?: string | null;
  once(event: 'finish' | 'close', listener: () => void): unknown;
}

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
  if (raw.writableFinished === true) listener(statusSent(raw) < 400 ? 'good' : 'bad');
  else if (raw.destroyed === true) listener('closed');
  else {
    // The events decide: Fastify's `inject` finishes without setting `writableFinished`.
    raw.once('finish', finished);
    raw.once('close', () => listener('closed'));
  }
  return true;
}

/** What went out. Nest sets the handler's `statusCode` on a response that has long been sent, too. */
function statusSent(raw: NodeResponse): number {
  const { _header: header } = raw;
  const line = /^HTTP\/[\d.]+ (\d{3})/.exec(header ?? '');
  return line ? Number(line[1]) : raw.statusCode;
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
