import type { Mutant } from '../mutant.js';

const POLICY = ['test/outbox/delivery-policy.spec.ts'];
const file = 'outbox/delivery-policy.ts';

/** Pauses, circuit breaker and rate limit. */
export const POLICY_MUTANTS: readonly Mutant[] = [
  {
    rule: 'a 429 pauses for a second at least',
    file,
    find: 'Math.max(MIN_PAUSE_MS, asked)',
    replace: 'asked',
    specs: POLICY,
  },
  {
    rule: 'a 429 pauses for a quarter of an hour at most',
    file,
    find: 'Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, asked))',
    replace: 'Math.max(MIN_PAUSE_MS, asked)',
    specs: POLICY,
  },
  {
    rule: 'a pause is never shortened',
    file,
    find: 'if (isPaused && before >= until) return { ...state, ...REACHABLE };',
    replace: '',
    specs: POLICY,
  },
  {
    rule: '429 responses to requests that were sent together count once',
    file,
    find: 'isPaused ? state.rateLimits : state.rateLimits + 1',
    replace: 'state.rateLimits + 1',
    specs: POLICY,
  },
  {
    rule: 'nothing is sent while the key is rejected',
    file,
    find: 'if (state.unauthorized) return { allowed: false, state, retryAt: null };',
    replace: '',
    specs: POLICY,
  },
  {
    rule: 'five transient failures open the breaker',
    file,
    find: 'failures < BREAKER_FAILURES ||',
    replace: 'failures <= BREAKER_FAILURES ||',
    specs: POLICY,
  },
  {
    rule: 'failures of requests that were sent before do not lengthen the breaker',
    file,
    find: '|| (state.breaker && !isTrial)) return',
    replace: ') return',
    specs: POLICY,
  },
  {
    rule: 'an open breaker allows one attempt at a time',
    file,
    find: 'const next = breaker && { ...breaker, until: now + breakerWait(breaker) };',
    replace: 'const next = breaker;',
    specs: POLICY,
  },
  {
    rule: 'any response closes the breaker',
    file,
    find: 'return { ...state, ...REACHABLE, budget, rateLimits: 0 };',
    replace: 'return { ...state, budget, rateLimits: 0 };',
    specs: POLICY,
  },
  {
    rule: 'requestsPerMinute is not exceeded',
    file,
    find: 'requests: budget.requests - 1 };',
    replace: 'requests: budget.requests };',
    specs: POLICY,
  },
  {
    rule: 'a delivery counts with each of its requests',
    file,
    find: 'requests: state.budget.requests - Math.max(0, requests - 1),',
    replace: 'requests: state.budget.requests + 0 * requests,',
    specs: POLICY,
  },
  {
    rule: 'a pause that a wrong clock has set far ahead is over',
    file,
    find: 'return until > now && until - now <= atMostMs * 1.2;',
    replace: 'return until > now;',
    specs: POLICY,
  },
  {
    rule: 'backoff has full jitter',
    file: 'outbox/backoff.ts',
    find: 'Math.round(random() * exponential(attempt, initialMs, maxMs))',
    replace: 'exponential(attempt, initialMs, maxMs)',
    specs: ['test/outbox/backoff.spec.ts'],
  },
];
