/**
 * The result of `work`, or `undefined` if that takes longer than `ms`. The work goes on.
 * @param ref whether this wait keeps the process alive
 */
export function within<T>(
  ms: number,
  work: Promise<T>,
  { ref = true } = {},
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, Math.max(0, ms), undefined);
    if (!ref) timer.unref();
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: Error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
