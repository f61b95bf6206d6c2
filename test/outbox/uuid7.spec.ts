import { uuid7 } from '#lib/outbox/uuid7.js';

const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** Far ahead of any clock, so that other ids of this process don't interfere. */
const FUTURE = 200_000_000_000_000;
const timeOf = (id: string) => Number.parseInt(id.replace('-', '').slice(0, 12), 16);

it('an id is a UUID of version 7 that begins with the time', () => {
  const before = Date.now();
  const id = uuid7();
  expect(id).toMatch(UUID7);
  expect(timeOf(id)).toBeGreaterThanOrEqual(before);
  expect(timeOf(id)).toBeLessThanOrEqual(Date.now());
});

it('100,000 ids of one millisecond differ, and sort in the order in which they were made', () => {
  const ids = Array.from({ length: 100_000 }, () => uuid7(FUTURE));
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.toSorted()).toEqual(ids);
  expect(ids.every((id) => UUID7.test(id))).toBe(true);
});

it('ids keep their order when the clock is set back, and follow it when it goes on', () => {
  const ids = [0, -3_600_000, 0.7, 1_000, 2_000].map((ms) => uuid7(FUTURE + 1_000 + ms));
  expect(ids.toSorted()).toEqual(ids);
  expect(timeOf(ids.at(-1)!)).toBe(FUTURE + 3_000);
});
