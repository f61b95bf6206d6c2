import type { ExecutionContext } from '@nestjs/common';
import { callOf } from './execution-request.js';
import type { RequestAttribution } from './request-attribution.js';

interface Entry {
  readonly handler: unknown;
  readonly program: string;
  readonly attribution: RequestAttribution;
}

// On the request itself: a WeakMap costs the garbage collector more than the rest of the interceptor.
const CALL = Symbol('nestjs-partnero:call');
const QUEUED = Symbol('nestjs-partnero:queued');

/** Which call of a request has queued a customer, by customer key. */
export type QueuedCustomers = Map<string, RequestAttribution>;

type Marked = Partial<
  Record<typeof CALL, Entry> & Record<typeof QUEUED, Map<string, QueuedCustomers>>
>;

/** The attribution of the running call, for `@Referral()` and for a second interceptor on it. */
export function attributionOf(
  context: ExecutionContext,
  program: string,
): RequestAttribution | undefined {
  const call: Marked | undefined = callOf(context);
  const entry = call?.[CALL];
  const same = entry?.handler === context.getHandler() && entry.program === program;
  return same ? entry.attribution : undefined;
}

export function setAttributionOf(
  context: ExecutionContext,
  program: string,
  attribution: RequestAttribution,
): void {
  const call: Marked | undefined = callOf(context);
  if (call) call[CALL] = { handler: context.getHandler(), program, attribution };
}

/** The customers that the resolvers of one request have queued so far, in one program. */
export function customersQueuedIn(request: object, program: string): QueuedCustomers {
  const marked: Marked = request;
  const programs = (marked[QUEUED] ??= new Map());
  const known = programs.get(program);
  if (known) return known;
  const queued: QueuedCustomers = new Map();
  programs.set(program, queued);
  return queued;
}
