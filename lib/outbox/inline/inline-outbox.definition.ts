import { OptionCheck } from '../../option-check.js';
import type { OutboxContext, OutboxDefinition } from '../outbox.js';
import { InlineOutbox } from './inline.outbox.js';

/** Options of `inlineOutbox()`. */
export interface InlineOutboxOptions {
  /** How long a sign-up may wait for Partnero. Milliseconds; default 2,000. */
  timeoutMs?: number | undefined;
}

/**
 * No outbox at all, for serverless platforms without a disk: one attempt inside the request, bounded
 * by `timeoutMs`. What fails is lost (`accept_failed`), and a sign-up that fails after the handler
 * has returned is attributed all the same. Use it only where nothing else can be had.
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
    // A little more than the attempt itself gets, so that its end is still seen.
    acceptTimeoutMs: timeoutMs + 250,
    knows: () => Promise.resolve(false),
    create: (context: OutboxContext) => new InlineOutbox(context, timeoutMs),
  };
}
