import { exponential, jittered } from './backoff.js';
import type { GateEvent } from './outbox.js';

/**
 * Whether a program's jobs may be sent now. Lives in the store's program row, so that all processes
 * of an app obey one gate. Everything here is pure: state and time in, state out.
 */
export interface GateState {
  readonly pause: GatePause | null;
  readonly breaker: { readonly until: number; readonly step: number } | null;
  /** Transient failures in a row, across jobs. */
  readonly failures: number;
  /** Answers 429 in a row, for those that don't say how long to wait. */
  readonly rateLimits: number;
  /** Time in which nobody could or did try; a job's age leaves it out. Milliseconds. */
  readonly excusedMs: number;
  readonly lastTriedAt: number | null;
  readonly bucket: { readonly tokens: number; readonly at: number } | null;
}

export type PauseReason = 'rate_limited' | 'unauthorized';

export interface GatePause {
  readonly reason: PauseReason;
  readonly since: number;
  /** When to go on, or for `unauthorized` when to probe next. */
  readonly until: number;
  readonly step: number;
  /** Fingerprint of the refused key: a process with another key isn't bound by this pause. */
  readonly keyHash: string | null;
}

export interface Admission {
  readonly state: GateState;
  /** How many jobs may be sent now. */
  readonly allowed: number;
  /** `key`: ask Partnero whether the key works. `job`: the one job let through tests the water. */
  readonly probe: 'key' | 'job' | null;
  /** When to ask again if nothing was allowed. */
  readonly wakeAt: number | null;
}

export const MIN_PAUSE_MS = 1_000;
export const MAX_PAUSE_MS = 15 * 60_000;
const BREAKER_THRESHOLD = 5;
const BREAKER_MIN_MS = 1_000;
const BREAKER_MAX_MS = 60_000;
/** Longer than any backoff: within it somebody would have tried, had there been somebody to try. */
const QUIET_MS = 2 * MAX_PAUSE_MS;
/** How exact `lastTriedAt` is kept, to spare a write on every claim. */
const TRIED_EVERY_MS = 60_000;

export const OPEN_GATE: GateState = {
  pause: null,
  breaker: null,
  failures: 0,
  rateLimits: 0,
  excusedMs: 0,
  lastTriedAt: null,
  bucket: null,
};

export interface AdmissionRequest {
  readonly now: number;
  readonly want: number;
  readonly keyHash: string | null;
  readonly requestsPerMinute?: number | undefined;
}

export function admit(before: GateState, request: AdmissionRequest): Admission {
  const { now } = request;
  const paused = stillPaused(before, request);
  if (paused) return paused;

  let state = before.pause ? lift(before, now) : before;
  let allowed = request.want;
  let probe: Admission['probe'] = null;
  if (state.breaker && allowed > 0) {
    const { until, step } = state.breaker;
    if (isAhead(until, now, BREAKER_MAX_MS)) {
      return { state, allowed: 0, probe: null, wakeAt: until };
    }
    // Moved on at once, so that no other process sends a second probe.
    const next = now + jittered(exponential(step, BREAKER_MIN_MS, BREAKER_MAX_MS));
    state = { ...state, breaker: { until: next, step } };
    allowed = 1;
    probe = 'job';
  }
  const limited = spend(state, allowed, request);
  if (limited.allowed === 0) return limited;
  return { ...limited, state: tried(limited.state, now), probe };
}

/** Partnero answered a job: whatever it said, it is there. */
export function answered(state: GateState): GateState {
  if (!state.breaker && state.failures === 0 && state.rateLimits === 0) return state;
  return { ...state, breaker: null, failures: 0, rateLimits: 0 };
}

export function failed(state: GateState, now: number, wasProbe: boolean): GateState {
  const failures = state.failures + 1;
  if (state.breaker && !wasProbe) return { ...state, failures };
  if (failures < BREAKER_THRESHOLD) return { ...state, failures };
  const step = state.breaker ? state.breaker.step + 1 : 0;
  const until = now + jittered(exponential(step, BREAKER_MIN_MS, BREAKER_MAX_MS));
  return { ...state, failures, breaker: { until, step } };
}

export function rateLimited(
  state: GateState,
  now: number,
  retryAfterMs: number | undefined,
): GateState {
  if (state.pause?.reason === 'unauthorized') return state;
  const asked = retryAfterMs ?? exponential(state.rateLimits, MIN_PAUSE_MS, MAX_PAUSE_MS);
  const until = now + Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, asked));
  const { pause } = state;
  if (pause && pause.until >= until) return state;
  // Answers to requests that were under way together count as one.
  const rateLimits = pause ? state.rateLimits : state.rateLimits + 1;
  return {
    ...state,
    rateLimits,
    pause: { reason: 'rate_limited', since: pause?.since ?? now, until, step: 0, keyHash: null },
  };
}

export function keyRefused(state: GateState, now: number, keyHash: string | null): GateState {
  const { pause } = state;
  const known = pause?.reason === 'unauthorized' && pause.keyHash === keyHash;
  const step = known ? pause.step + 1 : 0;
  const until = now + jittered(exponential(step, MIN_PAUSE_MS, MAX_PAUSE_MS));
  const since = pause?.since ?? now;
  return { ...state, pause: { reason: 'unauthorized', since, until, step, keyHash } };
}

/** The probe succeeded. */
export function keyAccepted(state: GateState, now: number): GateState {
  return state.pause?.reason === 'unauthorized' ? lift(state, now) : state;
}

/** Something learned about the program as a whole. */
export function told(
  state: GateState,
  event: GateEvent,
  now: number,
  keyHash: string | null,
): GateState {
  switch (event.type) {
    case 'rate_limited':
      return rateLimited(state, now, event.retryAfterMs);
    case 'key_refused':
      return keyRefused(state, now, keyHash);
    case 'key_accepted':
      return keyAccepted(state, now);
  }
}

/** Time since `from` in which somebody tried. */
export function countedAge(
  state: GateState,
  from: { readonly at: number; readonly excusedMs: number },
  now: number,
): number {
  return Math.max(0, now - from.at - (state.excusedMs - from.excusedMs));
}

function stillPaused(state: GateState, request: AdmissionRequest): Admission | null {
  const { pause } = state;
  if (!pause) return null;
  const { now, keyHash } = request;
  const waits = isAhead(pause.until, now, MAX_PAUSE_MS * 1.1);
  if (pause.reason === 'rate_limited') {
    return waits ? { state, allowed: 0, probe: null, wakeAt: pause.until } : null;
  }
  if (pause.keyHash !== keyHash) return null;
  if (waits) return { state, allowed: 0, probe: null, wakeAt: pause.until };
  const until = now + jittered(exponential(pause.step, MIN_PAUSE_MS, MAX_PAUSE_MS));
  return {
    state: { ...state, pause: { ...pause, until } },
    allowed: 0,
    probe: 'key',
    wakeAt: until,
  };
}

/** A time further ahead than it can have been set is left over from a clock that was wrong. */
function isAhead(until: number, now: number, atMost: number): boolean {
  return until > now && until - now <= atMost * 1.1;
}

function lift(state: GateState, now: number): GateState {
  const since = state.pause?.since ?? now;
  return {
    ...state,
    pause: null,
    excusedMs: state.excusedMs + Math.max(0, now - since),
    lastTriedAt: now,
  };
}

function tried(state: GateState, now: number): GateState {
  const last = state.lastTriedAt;
  if (last !== null && now >= last && now - last < TRIED_EVERY_MS) return state;
  const quiet = last === null ? 0 : now - last;
  const excusedMs = quiet > QUIET_MS ? state.excusedMs + quiet : state.excusedMs;
  return { ...state, excusedMs, lastTriedAt: now };
}

/** A token bucket that holds one second's worth, at least one. */
function spend(state: GateState, want: number, request: AdmissionRequest): Admission {
  const { now, requestsPerMinute } = request;
  if (!requestsPerMinute || want === 0) {
    return { state, allowed: want, probe: null, wakeAt: null };
  }
  const perMs = requestsPerMinute / 60_000;
  const full = Math.max(1, requestsPerMinute / 60);
  const { tokens: left, at } = state.bucket ?? { tokens: full, at: now };
  const tokens = Math.min(full, left + Math.max(0, now - at) * perMs);
  const allowed = Math.max(0, Math.min(want, Math.floor(tokens)));
  return {
    state: { ...state, bucket: { tokens: tokens - allowed, at: now } },
    allowed,
    probe: null,
    wakeAt: allowed > 0 ? null : now + Math.ceil((1 - tokens) / perMs),
  };
}

/** Requests that a delivery needed beyond the one it was admitted for. */
export function spendMore(state: GateState, requests: number): GateState {
  if (!state.bucket || requests <= 0) return state;
  return { ...state, bucket: { ...state.bucket, tokens: state.bucket.tokens - requests } };
}

/** Why nothing is sent just now, as `stats` tells it. */
export function pausedBy(
  gate: GateState,
  now: number,
  keyHash: string | null,
): { reason: PauseReason | 'breaker'; until: number } | null {
  const { pause, breaker } = gate;
  if (pause?.reason === 'unauthorized') {
    const binding = keyHash === null || pause.keyHash === keyHash;
    return binding ? { reason: pause.reason, until: pause.until } : null;
  }
  if (pause && pause.until > now) return { reason: pause.reason, until: pause.until };
  return breaker ? { reason: 'breaker', until: breaker.until } : null;
}
