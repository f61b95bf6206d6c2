import {
  admit,
  answered,
  countedAge,
  failed,
  keyAccepted,
  keyRefused,
  MAX_PAUSE_MS,
  OPEN_GATE,
  rateLimited,
  spendMore,
  type GateState,
} from '#lib/outbox/gate.js';

const T0 = Date.UTC(2026, 10, 23);
const MINUTE = 60_000;
const DAY = 86_400_000;

const ask = (state: GateState, now: number, extra: object = {}) =>
  admit(state, { now, want: 10, keyHash: 'key', ...extra });
const failTimes = (times: number, state = OPEN_GATE, now = T0) =>
  Array.from({ length: times }).reduce<GateState>((gate) => failed(gate, now, false), state);

describe('an open gate', () => {
  it('lets everybody through', () => {
    expect(ask(OPEN_GATE, T0)).toMatchObject({ allowed: 10, probe: null, wakeAt: null });
    expect(ask(OPEN_GATE, T0, { want: 0 })).toMatchObject({
      allowed: 0,
      probe: null,
      wakeAt: null,
    });
  });
});

describe('the breaker', () => {
  it('opens after five transient failures in a row, not after four', () => {
    expect(ask(failTimes(4), T0 + 1).allowed).toBe(10);
    const { allowed, wakeAt } = ask(failTimes(5), T0 + 1);
    expect(allowed).toBe(0);
    expect(wakeAt! - T0).toBeGreaterThanOrEqual(900);
    expect(wakeAt! - T0).toBeLessThanOrEqual(1_100);
  });

  it('an answer between them starts the count anew', () => {
    expect(ask(failTimes(4, answered(failTimes(4))), T0 + 1).allowed).toBe(10);
  });

  it('lets one job through when its time is over, and no second one meanwhile', () => {
    const first = ask(failTimes(5), T0 + 1_200);
    expect(first).toMatchObject({ allowed: 1, probe: 'job' });
    expect(ask(first.state, T0 + 1_201)).toMatchObject({ allowed: 0, probe: null });
  });

  it('waits longer after each failed test, up to a minute', () => {
    let gate = failTimes(5);
    let now = T0;
    const waits: number[] = [];
    for (let i = 0; i < 9; i += 1) {
      now = ask(gate, now).wakeAt ?? now;
      const admitted = ask(gate, now);
      expect(admitted.probe).toBe('job');
      gate = failed(admitted.state, now, true);
      waits.push((gate.breaker!.until - now) / 1_000);
    }
    const rounded = waits.map((seconds) => 2 ** Math.round(Math.log2(seconds)));
    expect(rounded.slice(0, 5)).toEqual([2, 4, 8, 16, 32]);
    expect(Math.max(...waits)).toBeLessThanOrEqual(66);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(54);
  });

  it('does not wait longer for failures of jobs that were under way before', () => {
    const gate = failTimes(20);
    expect(gate.breaker!.step).toBe(0);
  });

  it('closes with the first answer', () => {
    expect(ask(answered(failTimes(9)), T0 + 1).allowed).toBe(10);
  });
});

describe('a rate limit', () => {
  it.each([
    ['as long as asked', 7_000, 7_000],
    ['at least a second', 0, 1_000],
    ['at most a quarter of an hour', 1e12, MAX_PAUSE_MS],
  ])('pauses %s', (_, asked, expected) => {
    const gate = rateLimited(OPEN_GATE, T0, asked);
    expect(ask(gate, T0 + expected - 1)).toMatchObject({ allowed: 0, wakeAt: T0 + expected });
    expect(ask(gate, T0 + expected).allowed).toBe(10);
  });

  it('without a time pauses a second, then longer, until something is answered', () => {
    let gate: GateState = OPEN_GATE;
    let now = T0;
    const pauses: number[] = [];
    for (let i = 0; i < 12; i += 1) {
      gate = rateLimited(gate, now, undefined);
      pauses.push(gate.pause!.until - now);
      now = gate.pause!.until;
      gate = ask(gate, now).state;
    }
    expect(pauses.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(pauses.at(-1)).toBe(MAX_PAUSE_MS);
    expect(rateLimited(answered(gate), now, undefined).pause!.until - now).toBe(1_000);
  });

  it('counts answers to requests that were under way together as one', () => {
    let gate: GateState = OPEN_GATE;
    for (let i = 0; i < 10; i += 1) gate = rateLimited(gate, T0 + i, undefined);
    expect(gate.pause!.until - T0).toBeLessThan(2_100);
  });

  it('is never shortened', () => {
    const long = rateLimited(OPEN_GATE, T0, 60_000);
    expect(rateLimited(long, T0, 1_000).pause!.until).toBe(T0 + 60_000);
    expect(rateLimited(long, T0, 90_000).pause!.until).toBe(T0 + 90_000);
  });
});

describe('a refused key', () => {
  const refused = keyRefused(OPEN_GATE, T0, 'key');

  it('pauses, and is probed when the time has come, by one process', () => {
    expect(ask(refused, T0 + 100)).toMatchObject({ allowed: 0, probe: null });
    const first = ask(refused, T0 + 1_200);
    expect(first).toMatchObject({ allowed: 0, probe: 'key' });
    expect(ask(first.state, T0 + 1_201).probe).toBeNull();
  });

  it('is probed ever less often, at least every quarter of an hour', () => {
    let gate = refused;
    let now = T0;
    for (let i = 0; i < 20; i += 1) {
      now = gate.pause!.until;
      gate = keyRefused(ask(gate, now).state, now, 'key');
    }
    const wait = gate.pause!.until - now;
    expect(wait).toBeGreaterThan(0.85 * MAX_PAUSE_MS);
    expect(wait).toBeLessThanOrEqual(1.1 * MAX_PAUSE_MS);
  });

  it('opens when the key is accepted', () => {
    expect(ask(keyAccepted(refused, T0 + 5), T0 + 5).allowed).toBe(10);
  });

  it('does not bind a process with another key', () => {
    expect(ask(refused, T0 + 1, { keyHash: 'mended' }).allowed).toBe(10);
  });

  it('is not lifted by a rate limit', () => {
    expect(rateLimited(refused, T0, 60_000)).toBe(refused);
  });
});

describe('a clock that was wrong', () => {
  it.each([
    ['rate limit', rateLimited(OPEN_GATE, T0 + 365 * DAY, 60_000)],
    ['breaker', failTimes(5, OPEN_GATE, T0 + 365 * DAY)],
  ])('and left a %s a year ahead stops nobody', (_, gate) => {
    expect(ask(gate, T0).allowed).toBeGreaterThan(0);
  });

  it('and left a refused key a year ahead is probed', () => {
    expect(ask(keyRefused(OPEN_GATE, T0 + 365 * DAY, 'key'), T0).probe).toBe('key');
  });
});

describe('the age of a job', () => {
  const tried = (gate: GateState, now: number) => ask(gate, now).state;
  const since = (gate: GateState) => ({ at: T0, excusedMs: gate.excusedMs });

  it('counts while somebody tries', () => {
    let gate = tried(OPEN_GATE, T0);
    const from = since(gate);
    for (let at = T0; at <= T0 + DAY; at += 10 * MINUTE) gate = tried(gate, at);
    expect(countedAge(gate, from, T0 + DAY)).toBe(DAY);
  });

  it('leaves out a pause', () => {
    let gate = tried(OPEN_GATE, T0);
    const from = since(gate);
    gate = keyRefused(gate, T0 + MINUTE, 'key');
    for (let at = T0; at < T0 + 30 * DAY; at += 14 * MINUTE)
      gate = keyRefused(ask(gate, at).state, at, 'key');
    gate = keyAccepted(gate, T0 + 30 * DAY);
    expect(countedAge(gate, from, T0 + 30 * DAY)).toBe(MINUTE);
  });

  it('leaves out time in which the app was down, or the clock jumped', () => {
    let gate = tried(OPEN_GATE, T0);
    const from = since(gate);
    gate = tried(gate, T0 + 20 * DAY);
    expect(countedAge(gate, from, T0 + 20 * DAY)).toBe(0);
    gate = tried(gate, T0 + 20 * DAY + 10 * MINUTE);
    expect(countedAge(gate, from, T0 + 20 * DAY + 10 * MINUTE)).toBe(10 * MINUTE);
  });

  it('is never negative', () => {
    expect(countedAge(OPEN_GATE, { at: T0, excusedMs: 0 }, T0 - DAY)).toBe(0);
  });
});

describe('an own limit of requests', () => {
  const limited = (state: GateState, now: number, want = 10) =>
    admit(state, { now, want, keyHash: null, requestsPerMinute: 120 });

  it('allows two a second, and says when the next may go', () => {
    const first = limited(OPEN_GATE, T0);
    expect(first.allowed).toBe(2);
    const second = limited(first.state, T0);
    expect(second).toMatchObject({ allowed: 0, wakeAt: T0 + 500 });
    expect(limited(second.state, T0 + 500).allowed).toBe(1);
  });

  it('counts what a delivery needed beyond its one request', () => {
    const first = limited(OPEN_GATE, T0);
    const spent = spendMore(first.state, 2);
    expect(limited(spent, T0 + 500)).toMatchObject({ allowed: 0, wakeAt: T0 + 1_500 });
    expect(spendMore(first.state, 0)).toBe(first.state);
  });

  it('keeps to it over an hour', () => {
    let gate: GateState = OPEN_GATE;
    let sent = 0;
    for (let at = T0; at < T0 + 60 * MINUTE; at += 100) {
      const admitted = limited(gate, at);
      sent += admitted.allowed;
      gate = admitted.state;
    }
    expect(sent).toBeGreaterThan(7_150);
    expect(sent).toBeLessThanOrEqual(7_202);
  });

  it('below one a second still lets one through', () => {
    const slow = (state: GateState, now: number) =>
      admit(state, { now, want: 1, keyHash: null, requestsPerMinute: 1 });
    const first = slow(OPEN_GATE, T0);
    expect(first.allowed).toBe(1);
    expect(slow(first.state, T0 + 59_000).allowed).toBe(0);
    expect(slow(first.state, T0 + 60_000).allowed).toBe(1);
  });

  it('asked for nothing, it does not wake anybody', () => {
    expect(limited(OPEN_GATE, T0, 0)).toMatchObject({ allowed: 0, wakeAt: null });
  });
});
