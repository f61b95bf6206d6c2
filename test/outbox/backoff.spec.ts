import { exponential, fullJitter, jittered } from '#lib/outbox/backoff.js';

describe('backoff', () => {
  it.each([
    [0, 1_000],
    [1, 2_000],
    [5, 32_000],
    [10, 900_000],
    [10_000, 900_000],
  ])('after %d failures is at most %d ms', (attempt, most) => {
    expect(exponential(attempt, 1_000, 900_000)).toBe(most);
    expect(fullJitter(attempt, 1_000, 900_000, () => 1)).toBe(most);
  });

  it('is anything from nothing on, so that many don’t come back together', () => {
    expect(fullJitter(5, 1_000, 900_000, () => 0)).toBe(0);
    expect(fullJitter(5, 1_000, 900_000, () => 0.25)).toBe(8_000);
    const found = new Set(Array.from({ length: 50 }, () => fullJitter(10, 1_000, 900_000)));
    expect(found.size).toBeGreaterThan(40);
  });

  it('of what all processes share stays within a tenth', () => {
    expect(jittered(1_000, () => 0)).toBe(900);
    expect(jittered(1_000, () => 1)).toBe(1_100);
  });
});
