import * as policy from '#lib/outbox/delivery-policy.js';

const { NO_PAUSE } = policy;
type State = policy.PolicyState;
const NOW = 1_000_000;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Applies steps one after the other. */
const after = (...steps: ((state: State) => State)[]): State =>
  steps.reduce((state, step) => step(state), NO_PAUSE);
const fails = (times: number, isTrial = false, maxBackoffMs = 15 * MINUTE) =>
  Array.from(
    { length: times },
    () => (state: State) => policy.failed(state, NOW, isTrial, maxBackoffMs),
  );
const admitted = (state: State, at = NOW, rate?: number) => policy.admit(state, at, rate);

describe('the delivery policy', () => {
  it('allows everything while nothing is wrong', () => {
    expect(admitted(NO_PAUSE)).toEqual({ allowed: true, isTrial: false, state: NO_PAUSE });
    expect(policy.pauseOf(NO_PAUSE, NOW)).toBeNull();
  });

  describe.each<[string, number | undefined, number]>([
    ['two minutes', 2 * MINUTE, 2 * MINUTE],
    ['an absurd time', 10 ** 12, 15 * MINUTE],
    ['no time', undefined, SECOND],
    ['zero', 0, SECOND],
  ])('after a 429 with %s', (_, retryAfterMs, expected) => {
    const state = policy.rateLimited(NO_PAUSE, NOW, retryAfterMs);

    it('sends nothing until then, and everything after', () => {
      expect(admitted(state, NOW + expected - 1)).toMatchObject({
        allowed: false,
        retryAt: NOW + expected,
      });
      expect(admitted(state, NOW + expected)).toMatchObject({ allowed: true });
    });

    it('names the pause while it lasts', () => {
      const until = new Date(NOW + expected);
      expect(policy.pauseOf(state, NOW)).toEqual({ reason: 'rate_limited', until });
      expect(policy.pauseOf(state, NOW + expected)).toBeNull();
    });
  });

  it('waits longer after each 429 that does not say how long, up to a quarter of an hour', () => {
    let [state, now] = [NO_PAUSE, NOW];
    const waits: number[] = [];
    for (let i = 0; i < 12; i += 1) {
      state = policy.rateLimited(state, now, undefined);
      waits.push(state.rateLimitedUntil! - now);
      now = state.rateLimitedUntil!;
    }
    expect(waits.slice(0, 3)).toEqual([1, 2, 4].map((n) => n * SECOND));
    expect(waits.at(-1)).toBe(15 * MINUTE);
  });

  it('counts 429 responses to requests that were sent together as one', () => {
    const together = after(
      ...Array.from(
        { length: 10 },
        () => (state: State) => policy.rateLimited(state, NOW, undefined),
      ),
    );
    expect(together.rateLimits).toBe(1);
  });

  it('never shortens a pause that Partnero asked for', () => {
    const long = policy.rateLimited(NO_PAUSE, NOW, MINUTE);
    expect(policy.rateLimited(long, NOW, SECOND).rateLimitedUntil).toBe(NOW + MINUTE);
  });

  describe('after five failures in a row', () => {
    const open = after(...fails(5));

    it('takes Partnero for unreachable, and not after four', () => {
      expect(admitted(after(...fails(4)))).toMatchObject({ allowed: true, isTrial: false });
      expect(admitted(open)).toMatchObject({ allowed: false });
      expect(policy.pauseOf(open, NOW)).toMatchObject({ reason: 'unreachable' });
    });

    it('makes one attempt at a time, after about a second', () => {
      const { retryAt } = admitted(open) as { retryAt: number };
      expect(retryAt - NOW).toBeGreaterThanOrEqual(0.9 * SECOND);
      expect(retryAt - NOW).toBeLessThanOrEqual(1.1 * SECOND);
      const trial = admitted(open, retryAt);
      expect(trial).toMatchObject({ allowed: true, isTrial: true });
      expect(admitted(trial.state, retryAt)).toMatchObject({ allowed: false });
      expect(policy.allowedAtOnce(open, NOW, undefined)).toBe(1);
    });

    it('doubles the wait with each trial that fails, up to a minute', () => {
      const steps = after(...fails(5), ...fails(10, true));
      expect(steps.breaker!.until - NOW).toBeGreaterThanOrEqual(0.9 * MINUTE);
      expect(steps.breaker!.until - NOW).toBeLessThanOrEqual(1.1 * MINUTE);
    });

    it('waits no longer than the longest backoff', () => {
      const steps = after(...fails(5, false, 5 * SECOND), ...fails(10, true, 5 * SECOND));
      expect(steps.breaker!.until - NOW).toBeGreaterThanOrEqual(4.5 * SECOND);
      expect(steps.breaker!.until - NOW).toBeLessThanOrEqual(5.5 * SECOND);
      const trial = admitted(steps, steps.breaker!.until);
      expect(trial.state.breaker!.until - steps.breaker!.until).toBeLessThanOrEqual(5.5 * SECOND);
    });

    it('does not count the failures of requests that were sent before', () => {
      const [late] = fails(1);
      expect(late!(late!(open)).breaker).toBe(open.breaker);
    });

    it.each<[string, (state: State) => State]>([
      ['a completed job', (state) => policy.responded(state, 1)],
      ['a 429', (state) => policy.rateLimited(state, NOW, SECOND)],
      ['a rejected key', (state) => policy.unauthorized(state, NOW)],
    ])('takes Partnero for reachable after %s', (_, step) => {
      expect(step(open)).toMatchObject({ breaker: null, failures: 0 });
    });
  });

  it('sends nothing while the key is rejected, however long, until a check accepts it', () => {
    const rejected = policy.unauthorized(NO_PAUSE, NOW);
    expect(admitted(rejected, NOW + 10 ** 9)).toMatchObject({ allowed: false, retryAt: null });
    expect(policy.pauseOf(rejected, NOW)).toMatchObject({ reason: 'unauthorized' });
    expect(admitted(policy.keyAccepted(rejected))).toMatchObject({ allowed: true });
  });

  it('checks a rejected key more and more seldom, at least every quarter of an hour', () => {
    let state = NO_PAUSE;
    const waits: number[] = [];
    for (let i = 0; i < 14; i += 1) {
      state = policy.unauthorized(state, NOW);
      waits.push(state.unauthorized!.nextCheckAt - NOW);
    }
    expect(waits[0]).toBeLessThanOrEqual(1.1 * SECOND);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(0.9 * 15 * MINUTE);
    expect(waits.at(-1)).toBeLessThanOrEqual(1.1 * 15 * MINUTE);
  });

  describe('with a limit of requests per minute', () => {
    it('saves up one second at most, and spreads the rest', () => {
      let [state, sent] = [NO_PAUSE, 0];
      for (let now = NOW; now < NOW + 10 * SECOND; now += 50) {
        const admission = admitted(state, now, 120);
        state = admission.state;
        if (admission.allowed) sent += 1;
      }
      expect(sent).toBeGreaterThanOrEqual(20);
      expect(sent).toBeLessThanOrEqual(22);
    });

    it('tells when the next request is allowed', () => {
      const first = admitted(NO_PAUSE, NOW, 60);
      expect(admitted(first.state, NOW, 60)).toMatchObject({
        allowed: false,
        retryAt: NOW + SECOND,
      });
    });

    it('charges a delivery for each request that it needed', () => {
      const { state } = admitted(NO_PAUSE, NOW, 60);
      expect(admitted(policy.responded(state, 3), NOW, 60)).toMatchObject({
        retryAt: NOW + 3 * SECOND,
      });
    });

    it('gains nothing by a clock that is set back', () => {
      const { state } = admitted(NO_PAUSE, NOW, 60);
      expect(admitted(state, NOW - 10 ** 9, 60)).toMatchObject({ allowed: false });
    });
  });

  it('ignores times that a wrong clock has set', () => {
    const limited = policy.rateLimited(NO_PAUSE, NOW + 10 ** 10, MINUTE);
    expect(admitted(limited, NOW)).toMatchObject({ allowed: true });
    const open = {
      ...after(...fails(5)),
      breaker: { step: 0, until: NOW + 10 ** 10, maxMs: MINUTE },
    };
    expect(admitted(open, NOW)).toMatchObject({ allowed: true, isTrial: true });
  });
});
