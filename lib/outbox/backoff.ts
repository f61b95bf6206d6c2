/** Full-jitter exponential backoff: anything from 0 to the doubled step, at most `maxMs`. */
export function fullJitter(
  attempt: number,
  initialMs: number,
  maxMs: number,
  random: () => number = Math.random,
): number {
  return Math.round(random() * exponential(attempt, initialMs, maxMs));
}

/** `initialMs` doubled `step` times, at most `maxMs`. */
export function exponential(step: number, initialMs: number, maxMs: number): number {
  return Math.min(maxMs, initialMs * 2 ** Math.min(step, 52));
}

/** Within a tenth of `ms`, so that processes don't beat in step. */
export function jittered(ms: number, random: () => number = Math.random): number {
  return Math.round(ms * (0.9 + 0.2 * random()));
}
