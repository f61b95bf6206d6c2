import { jest } from '@jest/globals';
import { DeliveryPauses } from '#lib/outbox/delivery-pauses.js';

const UNREACHABLE =
  'Partnero is unreachable (network ECONNREFUSED). 5 are queued; next attempt in 1 s.';
const REACHABLE = 'Partnero is reachable again.';

let lines: string[];
let now: number;
let pauses: DeliveryPauses;

beforeEach(() => {
  lines = [];
  now = 1_000_000;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  const log = (line: string) => void lines.push(line);
  pauses = new DeliveryPauses(
    {
      checkKey: () => Promise.resolve('accepted'),
      initialBackoffMs: 1_000,
      maxBackoffMs: 900_000,
    },
    { log, warn: log, error: log },
    { onChange: () => {}, pendingCount: () => Promise.resolve(5) },
  );
});

afterEach(() => {
  pauses.close();
  jest.restoreAllMocks();
});

async function fail(times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) pauses.failed('network ECONNREFUSED', i >= 5);
  await new Promise((resolve) => setImmediate(resolve));
}

it('an outage is reported once, and once when it is over', async () => {
  await fail(5);
  await fail(3);
  expect(lines).toEqual([UNREACHABLE]);
  pauses.responded(1);
  pauses.responded(1);
  expect(lines).toEqual([UNREACHABLE, REACHABLE]);
});

it('a Partnero that comes and goes is reported once a minute', async () => {
  for (let i = 0; i < 7; i += 1) {
    await fail(5);
    pauses.responded(1);
    now += 1_000;
  }
  expect(lines).toEqual([UNREACHABLE, REACHABLE]);
  now += 60_000;
  await fail(5);
  pauses.responded(1);
  expect(lines).toEqual([UNREACHABLE, REACHABLE, UNREACHABLE, REACHABLE]);
});

it('an outage that was not reported for that reason is reported if it lasts', async () => {
  await fail(5);
  pauses.responded(1);
  await fail(5);
  expect(lines).toEqual([UNREACHABLE, REACHABLE]);
  now += 61_000;
  pauses.failed('network ECONNREFUSED', true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(lines).toHaveLength(3);
  expect(lines[2]).toMatch(/^Partnero is unreachable/);
});

it.each([
  ['timeout', 'Partnero is unreachable at http://127.0.0.1:4010 (timeout).'],
  ['503', 'Partnero is unreachable at http://127.0.0.1:4010 (503).'],
  ['408', 'Partnero is unreachable at http://127.0.0.1:4010 (408).'],
  ['404', "The responses at http://127.0.0.1:4010 aren't Partnero's (404): check baseUrl"],
  ['301', "The responses at http://127.0.0.1:4010 aren't Partnero's (301): check baseUrl"],
  ['200 unreadable', "The responses at http://127.0.0.1:4010 aren't Partnero's (200 unreadable)"],
])(
  'an outage is reported with the address, and told from another server: %s',
  async (reason, line) => {
    pauses = new DeliveryPauses(
      {
        address: 'http://127.0.0.1:4010',
        checkKey: () => Promise.resolve('accepted'),
        initialBackoffMs: 1_000,
        maxBackoffMs: 900_000,
      },
      { log() {}, warn: (text) => void lines.push(text), error() {} },
      { onChange: () => {}, pendingCount: () => Promise.resolve(5) },
    );
    for (let i = 0; i < 5; i += 1) pauses.failed(reason, false);
    await new Promise((resolve) => setImmediate(resolve));
    expect(lines).toHaveLength(1);
    expect(lines[0]!.startsWith(line)).toBe(true);
  },
);

describe('the backoff of a job', () => {
  const reason = 'network ECONNREFUSED';

  beforeEach(() => void jest.spyOn(Math, 'random').mockReturnValue(0.99));

  it('doubles with each attempt', () => {
    const waits = [0, 1, 2].map((n) => pauses.backoffMs(n, { type: 'retry', reason }));
    expect(waits).toEqual([990, 1_980, 3_960]);
  });

  it('is no longer than the pause while Partnero is unreachable', async () => {
    await fail(5);
    expect(pauses.backoffMs(12, { type: 'retry', reason })).toBeLessThanOrEqual(1_100);
    expect(pauses.backoffMs(12, { type: 'retry', reason, afterMs: 9_000 })).toBe(9_000);
  });

  it('stays as it is if the failure lies with the job', async () => {
    await fail(5);
    expect(pauses.backoffMs(12, { type: 'retry', reason, jobOnly: true })).toBe(891_000);
  });
});

describe('pauses are reported to the delivery', () => {
  let reported: (string | null)[];

  beforeEach(() => {
    jest.useFakeTimers();
    reported = [];
    pauses = new DeliveryPauses(
      {
        checkKey: () => Promise.resolve('rejected'),
        initialBackoffMs: 1_000,
        maxBackoffMs: 900_000,
        onPause: (pause) => void reported.push(pause?.reason ?? null),
      },
      { log() {}, warn() {}, error() {} },
      { onChange: () => {}, pendingCount: () => Promise.resolve(5) },
    );
  });

  afterEach(() => jest.useRealTimers());

  it('a rate limit is reported, and its end once it is over', () => {
    pauses.rateLimited(2_000);
    jest.advanceTimersByTime(1_999);
    expect(reported).toEqual(['rate_limited']);
    jest.advanceTimersByTime(2);
    expect(reported).toEqual(['rate_limited', null]);
  });

  it('a pause of its caller goes before the others, which are reported when that one ends', async () => {
    await pauses.unauthorized();
    pauses.pause('wrong_program');
    pauses.resume();
    expect(new Set(reported)).toEqual(new Set(['unauthorized', 'wrong_program']));
    expect(reported.at(-1)).toBe('unauthorized');
  });

  it('an unreachable Partnero is reported, and a response of it as the end', () => {
    for (let i = 0; i < 5; i += 1) pauses.failed('503', false);
    expect(reported).toEqual(['unreachable']);
    pauses.responded(1);
    expect(reported).toEqual(['unreachable', null]);
  });

  it('nothing is reported once it is closed', () => {
    pauses.rateLimited(2_000);
    pauses.close();
    jest.advanceTimersByTime(5_000);
    expect(reported).toEqual(['rate_limited']);
  });
});
