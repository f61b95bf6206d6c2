import type { ServerResponse } from 'node:http';
import type { FakeResponse } from './fake-route.js';

/** A way in which the fake misbehaves. */
export type FakeFault =
  /** Responds as usual, after a while. */
  | { readonly type: 'slow'; readonly ms: number }
  /** Never responds. `writes`: carries out the request all the same. */
  | { readonly type: 'hang'; readonly writes?: boolean }
  /** Responds as usual, one byte at a time. */
  | { readonly type: 'drip'; readonly everyMs: number }
  /** 429. `retryAfter` is sent as it is: seconds, a date, nonsense. Absent: no header. */
  | { readonly type: 'rate_limit'; readonly retryAfter?: string | number }
  /** A status with a JSON message, or with this body. `writes`: carries out the request all the same. */
  | {
      readonly type: 'status';
      readonly status: number;
      readonly body?: string;
      readonly contentType?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly writes?: boolean;
    }
  /** Cuts the connection before it carries out the request. */
  | { readonly type: 'reset_before' }
  /** Cuts the connection after it carried out the request: the response is lost. */
  | { readonly type: 'reset_after' }
  /** Cuts the connection, and carries out the request some time later. */
  | { readonly type: 'reset_before_late_write'; readonly afterMs: number }
  /** An HTML page of a proxy; status 200 unless given. */
  | { readonly type: 'html'; readonly status?: number }
  /** Status 200 without a body. */
  | { readonly type: 'empty' }
  /** The usual response, but only the first half of its JSON. */
  | { readonly type: 'cut_json' };

/** Which requests a fault applies to. Default: all. */
export interface FaultScope {
  /** Only this method and path, such as `'POST /customers'` or `'GET /test'`. */
  readonly on?: string | undefined;
  /** Only so many requests. */
  readonly times?: number | undefined;
}

const JSON_TYPE = { 'Content-Type': 'application/json' };

/** Responds in the way of a fault. `carryOut` carries out the request and makes the usual response. */
export function misbehave(
  fault: FakeFault,
  response: ServerResponse,
  carryOut: () => FakeResponse,
): void {
  const respond = (status: number, headers: Readonly<Record<string, string>>, body?: string) =>
    void response.writeHead(status, headers).end(body);
  const cut = () => void response.socket?.resetAndDestroy();
  switch (fault.type) {
    case 'slow':
      setTimeout(() => send(response, carryOut()), fault.ms).unref();
      return;
    case 'hang':
      if (fault.writes) carryOut();
      return;
    case 'drip':
      return drip(response, carryOut(), fault.everyMs);
    case 'rate_limit': {
      const { retryAfter } = fault;
      const headers = retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
      return respond(429, { ...JSON_TYPE, ...headers }, message('Too Many Attempts.'));
    }
    case 'status': {
      if (fault.writes) carryOut();
      const { status, body = message('Something went wrong.'), contentType, headers } = fault;
      const type = contentType === undefined ? JSON_TYPE : { 'Content-Type': contentType };
      return respond(status, { ...type, ...headers }, body);
    }
    case 'reset_before':
      return cut();
    case 'reset_after':
      carryOut();
      return cut();
    case 'reset_before_late_write':
      setTimeout(carryOut, fault.afterMs).unref();
      return cut();
    case 'html':
      return respond(
        fault.status ?? 200,
        { 'Content-Type': 'text/html' },
        '<!doctype html><p>Wait.',
      );
    case 'empty':
      carryOut();
      return respond(200, JSON_TYPE);
    case 'cut_json': {
      const { status, body } = carryOut();
      const json = JSON.stringify(body ?? {});
      return respond(status, JSON_TYPE, json.slice(0, Math.ceil(json.length / 2)));
    }
  }
}

function message(text: string): string {
  return JSON.stringify({ status: 0, message: text });
}

function drip(response: ServerResponse, { status, body }: FakeResponse, everyMs: number): void {
  const bytes = Buffer.from(JSON.stringify(body ?? {}));
  let sent = 0;
  response.writeHead(status, JSON_TYPE);
  const timer = setInterval(() => {
    if (sent < bytes.length && !response.destroyed) {
      response.write(bytes.subarray(sent, (sent += 1)));
      return;
    }
    clearInterval(timer);
    response.end();
  }, everyMs).unref();
}

/** The usual response. */
export function send(response: ServerResponse, { status, body }: FakeResponse): void {
  if (response.destroyed) return;
  if (body) response.writeHead(status, JSON_TYPE).end(JSON.stringify(body));
  else response.writeHead(status).end();
}
