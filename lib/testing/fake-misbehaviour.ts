import type { ServerResponse } from 'node:http';
import type { FakeAnswer } from './fake-answer.js';
import type { FakeFault } from './fake-fault.js';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const PAGE = '<!doctype html><title>Just a moment</title><p>Checking your browser.</p>';

/** Answers in the way of a fault. `carryOut` does what was asked, and makes the right answer. */
export function misbehave(
  fault: FakeFault,
  response: ServerResponse,
  carryOut: () => FakeAnswer,
): void {
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
      const header = retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
      return message(response, 429, 'Too Many Attempts.', header);
    }
    case 'status':
      if (fault.writes) carryOut();
      return status(response, fault);
    case 'reset_before':
      return void response.socket?.resetAndDestroy();
    case 'reset_after':
      carryOut();
      return void response.socket?.resetAndDestroy();
    case 'reset_before_late_write':
      setTimeout(carryOut, fault.afterMs).unref();
      return void response.socket?.resetAndDestroy();
    case 'html':
      return void response
        .writeHead(fault.status ?? 200, { 'Content-Type': 'text/html' })
        .end(PAGE);
    case 'empty':
      carryOut();
      return void response.writeHead(200, JSON_TYPE).end();
    case 'cut_json': {
      const answer = carryOut();
      const text = JSON.stringify(answer.body ?? {});
      return void response
        .writeHead(answer.status, JSON_TYPE)
        .end(text.slice(0, Math.ceil(text.length / 2)));
    }
  }
}

function status(response: ServerResponse, fault: FakeFault & { type: 'status' }): void {
  const { body, contentType = 'application/json', headers = {} } = fault;
  if (body === undefined) return message(response, fault.status, 'Something went wrong.', headers);
  response.writeHead(fault.status, { 'Content-Type': contentType, ...headers }).end(body);
}

function message(
  response: ServerResponse,
  code: number,
  text: string,
  headers: Readonly<Record<string, string>>,
): void {
  response.writeHead(code, { ...JSON_TYPE, ...headers });
  response.end(JSON.stringify({ status: 0, message: text }));
}

function drip(response: ServerResponse, { status: code, body }: FakeAnswer, everyMs: number): void {
  const bytes = Array.from(Buffer.from(JSON.stringify(body ?? {})), (byte) => Buffer.of(byte));
  response.writeHead(code, JSON_TYPE);
  const timer = setInterval(() => {
    const next = bytes.shift();
    if (next !== undefined && !response.destroyed) return void response.write(next);
    clearInterval(timer);
    response.end();
  }, everyMs).unref();
}

/** The right answer, as it is. */
export function send(response: ServerResponse, { status: code, body }: FakeAnswer): void {
  if (response.destroyed) return;
  if (!body) return void response.writeHead(code).end();
  response.writeHead(code, JSON_TYPE).end(JSON.stringify(body));
}
