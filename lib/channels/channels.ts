import {
  channel,
  subscribe,
  tracingChannel,
  unsubscribe,
  type TracingChannel,
} from 'node:diagnostics_channel';
import type { DeliverTrace, PartneroMessages, PartneroTraces, QueueTrace } from './messages.js';

const PREFIX = 'nestjs-partnero:';

// Both type parameters are the same: @types/node 26 has them in another order than 24.
/** A job is saved. Its trace begins in the async context of the code that queues it. */
export const queueTracing: TracingChannel<QueueTrace, QueueTrace> = tracingChannel(
  `${PREFIX}queue`,
);
/** One attempt is made. */
export const deliverTracing: TracingChannel<DeliverTrace, DeliverTrace> = tracingChannel(
  `${PREFIX}deliver`,
);

/** Node forgets a channel that nobody subscribed to, unless somebody keeps it. */
const channels = {
  queued: channel(`${PREFIX}queued`),
  delivered: channel(`${PREFIX}delivered`),
  retry: channel(`${PREFIX}retry`),
  'dead-letter': channel(`${PREFIX}dead-letter`),
  discarded: channel(`${PREFIX}discarded`),
  paused: channel(`${PREFIX}paused`),
  resumed: channel(`${PREFIX}resumed`),
  webhook: channel(`${PREFIX}webhook`),
} as const satisfies Record<keyof PartneroMessages, unknown>;

/** @param message called only if somebody subscribed */
export function publish<N extends keyof PartneroMessages>(
  name: N,
  message: () => PartneroMessages[N],
): void {
  if (channels[name].hasSubscribers) channels[name].publish(message());
}

/**
 * Subscribes to a channel of this package, like `subscribe()` of `node:diagnostics_channel`, with types.
 * Messages come from all apps in this process. Node treats what a subscriber throws as an uncaught
 * exception.
 *
 * @returns a function that unsubscribes
 * @example
 * onPartneroMessage('dead-letter', ({ jobName, reason }) => alert(`${jobName}: ${reason}`))
 */
export function onPartneroMessage<N extends keyof PartneroMessages>(
  name: N,
  listener: (message: PartneroMessages[N]) => void,
): () => void {
  return listen(PREFIX + name, (message) => listener(message as PartneroMessages[N]));
}

/**
 * Subscribes to a tracing channel of this package: `queue`, in the async context of the code that queues a
 * job, or `deliver`, in that of the app's start. For tracers; to count, use {@link onPartneroMessage}.
 *
 * @returns a function that unsubscribes
 * @example
 * onPartneroTrace('deliver', {
 *   start: (trace) => times.set(trace, performance.now()),
 *   end: (trace) => console.log(trace.jobName, performance.now() - times.get(trace)),
 * })
 */
export function onPartneroTrace<N extends keyof PartneroTraces>(
  name: N,
  {
    start,
    end,
  }: {
    readonly start: (trace: PartneroTraces[N]) => void;
    readonly end: (trace: PartneroTraces[N]) => void;
  },
): () => void {
  const tracing = `tracing:${PREFIX}${name}`;
  const stops = [
    listen(`${tracing}:start`, (trace) => start(trace as PartneroTraces[N])),
    listen(`${tracing}:asyncEnd`, (trace) => end(trace as PartneroTraces[N])),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function listen(name: string, listener: (message: unknown) => void): () => void {
  subscribe(name, listener);
  return () => void unsubscribe(name, listener);
}
