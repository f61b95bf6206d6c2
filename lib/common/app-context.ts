import { AsyncLocalStorage } from 'node:async_hooks';

/** Calls a function in the async context in which {@link captureAppContext} was called. */
export type RunInAppContext = <T>(work: () => T) => T;

/**
 * Captures the async context of the app's start. What runs behind a request runs in it: otherwise a
 * handler or a callback of the app would see the tenant, the transaction or the trace of whichever
 * request woke it.
 */
export function captureAppContext(): RunInAppContext {
  const run = AsyncLocalStorage.snapshot();
  return (work) => run(work);
}
