import { OptionCheck } from '../../common/option-check.js';
import type { EngineContext, OutboxDefinition } from '../outbox-engine.js';
import { InlineOutbox } from './inline.outbox.js';

/** Options of `inlineOutbox()`. */
export interface InlineOutboxOptions {
  /** How long a sign-up may wait for Partnero. Milliseconds; default 2,000. */
  timeoutMs?: number | undefined;
}

/**
 * No outbox at all: one attempt inside the request, for at most `timeoutMs`. Use it only on serverless
 * platforms without a disk. If the attempt fails, the attribution is lost (`accept_failed`); a sign-up
 * that fails after its handler has returned is attributed all the same. Sales, refunds and erasures
 * can't be queued.
 *
 * @example
 * PartneroModule.forRoot({ outbox: inlineOutbox({ timeoutMs: 1_500 }) })
 */
export function inlineOutbox(options?: InlineOutboxOptions): OutboxDefinition {
  const check = new OptionCheck(options, 'inlineOutbox', ['timeoutMs']);
  const timeoutMs = check.integer('timeoutMs', 2_000, { min: 1, max: 60_000 });
  return {
    engine: 'inline',
    durable: false,
    // A little more than the attempt gets, so that its end is still reported.
    acceptTimeoutMs: timeoutMs + 250,
    exists: () => Promise.resolve(false),
    create: (context: EngineContext) => new InlineOutbox(context, timeoutMs),
  };
}
