import { jest } from '@jest/globals';

const realSetTimeout = globalThis.setTimeout;

const REAL = [
  'nextTick',
  'setImmediate',
  'clearImmediate',
  'queueMicrotask',
  'performance',
] as const;

/** Takes hold of timers and the date; what waits for sockets and disks goes on in real time. */
export function useFakeClock(): void {
  jest.useFakeTimers({ doNotFake: [...REAL] });
}

/** Takes hold of timers; the date goes on as it is. */
export function useFakeTimers(): void {
  jest.useFakeTimers({ doNotFake: [...REAL, 'Date'] });
}

export function useRealClock(): void {
  jest.useRealTimers();
}

/** Lets time pass, and after each step what it sets off: a request, an answer, a commit. */
export async function pass(ms: number, stepMs = 1_000): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    await jest.advanceTimersByTimeAsync(Math.min(stepMs, ms - passed));
    await breathe();
  }
}

/** Lets time pass until `check` returns something true, at most `atMostMs` of it; how much did. */
export async function passUntil(
  check: () => boolean | Promise<boolean>,
  atMostMs: number,
  stepMs = 1_000,
): Promise<number> {
  for (let passed = 0; passed <= atMostMs; passed += stepMs) {
    await breathe();
    if (await check()) return passed;
    await jest.advanceTimersByTimeAsync(stepMs);
  }
  throw new Error(`not within ${atMostMs} ms`);
}

/** Real time, for what isn't a timer. */
function breathe(): Promise<void> {
  return new Promise((resolve) => realSetTimeout(resolve, 4));
}
