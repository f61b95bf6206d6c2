import { exponential, jittered } from './backoff.js';
import type { Pause } from './delivery.js';

/** Shortest and longest pause after 429, or between two checks of a rejected key. */
const MIN_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 15 * 60_000;
/** Transient failures in a row after which Partnero counts as unreachable. */
const BREAKER_FAILURES = 5;
const BREAKER_MIN_MS = 1_000;
const BREAKER_MAX_MS = 60_000;

/** Partnero is unreachable: one attempt at a time, the next one at `until`. */
interface Breaker {
  readonly until: number;
  readonly step: number;
  /** The longest wait between two attempts. Milliseconds. */
  readonly maxMs: number;
}

/** When to send: pauses, circuit breaker and rate limit of one program, in this process. */
export interface PolicyState {
  readonly rateLimitedUntil: number | null;
  /** Responses 429 in a row that didn't say how long to wait. */
  readonly rateLimits: number;
  readonly unauthorized: { readonly nextCheckAt: number; readonly checks: number } | null;
  /** Transient failures in a row, across jobs. */
  readonly failures: number;
  readonly breaker: Breaker | null;
  /** What is left of the rate limit, in requests, and when. */
  readonly budget: { readonly requests: number; readonly at: number } | null;
}

export const NO_PAUSE: PolicyState = {
  rateLimitedUntil: null,
  rateLimits: 0,
  unauthorized: null,
  failures: 0,
  breaker: null,
  budget: null,
};

const REACHABLE = { failures: 0, breaker: null } as const;

/** Whether a job may be sent. */
export type Admission =
  | { readonly allowed: true; readonly state: PolicyState; readonly isTrial: boolean }
  /** `retryAt` is `null` if only the check of the key can end the pause. */
  | { readonly allowed: false; readonly state: PolicyState; readonly retryAt: number | null };

/** @param requestsPerMinute `undefined`: no limit */
export function admit(
  state: PolicyState,
  now: number,
  requestsPerMinute: number | undefined,
): Admission {
  if (state.unauthorized) return { allowed: false, state, retryAt: null };
  const { rateLimitedUntil: limited, breaker } = state;
  if (limited !== null && isAhead(limited, now, MAX_PAUSE_MS)) {
    return { allowed: false, state, retryAt: limited };
  }
  if (breaker && isAhead(breaker.until, now, BREAKER_MAX_MS)) {
    return { allowed: false, state, retryAt: breaker.until };
  }
  const budget = budgetAt(state, now, requestsPerMinute);
  if (budget && budget.requests < 1) {
    const retryAt = now + Math.ceil(((1 - budget.requests) * 60_000) / requestsPerMinute!);
    return { allowed: false, state: { ...state, budget }, retryAt };
  }
  const left = budget && { ...budget, requests: budget.requests - 1 };
  // The next attempt is due only after this one, or should that hang, after another wait.
  const next = breaker && { ...breaker, until: now + breakerWait(breaker) };
  return {
    allowed: true,
    isTrial: breaker !== null,
    state: { ...state, rateLimitedUntil: null, breaker: next, budget: left },
  };
}

/** Partnero responded, whatever it said: it is there. */
export function responded(state: PolicyState, requests: number): PolicyState {
  const budget = state.budget && {
    ...state.budget,
    requests: state.budget.requests - Math.max(0, requests - 1),
  };
  return { ...state, ...REACHABLE, budget, rateLimits: 0 };
}

/**
 * @param isTrial the attempt was the one that the open breaker had let through
 * @param maxBackoffMs the longest wait between two attempts, if that is less than a minute
 */
export function failed(
  state: PolicyState,
  now: number,
  isTrial: boolean,
  maxBackoffMs: number,
): PolicyState {
  const failures = state.failures + 1;
  if (failures < BREAKER_FAILURES || (state.breaker && !isTrial)) return { ...state, failures };
  const step = state.breaker ? state.breaker.step + 1 : 0;
  const maxMs = Math.min(maxBackoffMs, BREAKER_MAX_MS);
  const until = now + breakerWait({ step, maxMs });
  return { ...state, failures, breaker: { step, until, maxMs } };
}

export function rateLimited(
  state: PolicyState,
  now: number,
  retryAfterMs: number | undefined,
): PolicyState {
  const asked = retryAfterMs ?? exponential(state.rateLimits, MIN_PAUSE_MS, MAX_PAUSE_MS);
  const until = now + Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, asked));
  const { rateLimitedUntil: before } = state;
  const isPaused = before !== null && before > now;
  if (isPaused && before >= until) return { ...state, ...REACHABLE };
  // Responses to requests that were sent together count as one.
  const rateLimits = isPaused ? state.rateLimits : state.rateLimits + 1;
  return { ...state, ...REACHABLE, rateLimits, rateLimitedUntil: until };
}

/** Partnero rejected the key, at a job or at a check. */
export function unauthorized(state: PolicyState, now: number): PolicyState {
  const checks = state.unauthorized ? state.unauthorized.checks + 1 : 0;
  const wait = jittered(exponential(checks, MIN_PAUSE_MS, MAX_PAUSE_MS));
  return { ...state, ...REACHABLE, unauthorized: { checks, nextCheckAt: now + wait } };
}

export function keyAccepted(state: PolicyState): PolicyState {
  return state.unauthorized ? { ...state, unauthorized: null } : state;
}

/** Why nothing is sent just now. */
export function pauseOf(state: PolicyState, now: number): Pause | null {
  const { unauthorized: rejected, rateLimitedUntil: limited, breaker } = state;
  if (rejected) return { reason: 'unauthorized', until: new Date(rejected.nextCheckAt) };
  if (limited !== null && limited > now)
    return { reason: 'rate_limited', until: new Date(limited) };
  return breaker ? { reason: 'unreachable', until: new Date(breaker.until) } : null;
}

/** How many requests the rate limit allows at once just now. */
export function allowedAtOnce(
  state: PolicyState,
  now: number,
  requestsPerMinute: number | undefined,
): number {
  if (state.breaker) return 1;
  const budget = budgetAt(state, now, requestsPerMinute);
  return budget ? Math.max(1, Math.floor(budget.requests)) : Infinity;
}

/** At most one second's worth may be saved up, and at least one request. */
function budgetAt(state: PolicyState, now: number, requestsPerMinute: number | undefined) {
  if (requestsPerMinute === undefined) return null;
  const most = Math.max(1, requestsPerMinute / 60);
  if (!state.budget) return { requests: most, at: now };
  const { requests, at } = state.budget;
  const gained = (Math.max(0, now - at) * requestsPerMinute) / 60_000;
  return { requests: Math.min(most, requests + gained), at: now };
}

function breakerWait({ step, maxMs }: Pick<Breaker, 'step' | 'maxMs'>): number {
  return jittered(exponential(step, BREAKER_MIN_MS, maxMs));
}

/** A time further ahead than it can have been set was set by a clock that was wrong. */
function isAhead(until: number, now: number, atMostMs: number): boolean {
  return until > now && until - now <= atMostMs * 1.2;
}
