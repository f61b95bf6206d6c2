/**
 * Resolves after `ms`, or as soon as the signal is aborted.
 * @param ref whether this wait keeps the process alive
 */
export function sleep(ms: number, signal?: AbortSignal, { ref = false } = {}): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const wake = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    if (!ref) timer.unref();
    signal?.addEventListener('abort', wake);
  });
}
