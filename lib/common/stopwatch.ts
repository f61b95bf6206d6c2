/**
 * The milliseconds since it was started, by the clock that went further: one stands still while the
 * machine sleeps, the other may be set.
 */
export function stopwatch(): () => number {
  const wall = Date.now();
  const monotonic = performance.now();
  return () => Math.max(Math.abs(Date.now() - wall), performance.now() - monotonic);
}
