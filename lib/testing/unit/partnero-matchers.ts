import { inspect } from 'node:util';
import {
  FakePartneroService,
  type RecordedAttribution,
  type RecordedSale,
} from './fake-partnero.service.js';

/** What Jest and Vitest call a matcher with. */
interface MatcherContext {
  equals(one: unknown, two: unknown): boolean;
}

/** Some fields of what was recorded. Ids may be given as they are in your app. */
type Expected<T> = { readonly [K in keyof T]?: unknown };

/** The matchers' types, to add to those of your test framework. */
export interface PartneroMatchers<R = unknown> {
  /** A sign-up was attributed. */
  toHaveAttributed(expected?: Expected<RecordedAttribution>): R;
  /** A sale was recorded. */
  toHaveRecordedSale(expected?: Expected<RecordedSale>): R;
  /** A sale was refunded. */
  toHaveRefunded(expected?: { readonly key?: unknown }): R;
  /** A customer was deleted. */
  toHaveErased(expected?: { readonly customer?: unknown }): R;
}

/**
 * Matchers for a {@link FakePartneroService}, in Jest and Vitest.
 *
 * @example
 * expect.extend(partneroMatchers)
 * expect(partnero).toHaveAttributed({ customer: 'u1', partner: 'ann' })
 * expect(partnero).not.toHaveRefunded()
 */
export const partneroMatchers = {
  toHaveAttributed: matcher('sign-up', ({ attributions }) => attributions),
  toHaveRecordedSale: matcher('sale', ({ sales }) => sales),
  toHaveRefunded: matcher('refund', ({ refunds }) => refunds),
  toHaveErased: matcher('erasure', ({ erasures }) => erasures),
};

function matcher(
  what: string,
  recordedBy: (partnero: FakePartneroService) => readonly Readonly<Record<string, unknown>>[],
) {
  return function match(this: MatcherContext, partnero: unknown, expected: object = {}) {
    if (!(partnero instanceof FakePartneroService)) {
      throw new TypeError('These matchers take a FakePartneroService: expect(partnero).');
    }
    const recorded = recordedBy(partnero as FakePartneroService);
    const fields = Object.entries(expected);
    const pass = recorded.some((each) =>
      fields.every(([name, value]) => this.equals(each[name], asRecorded(value))),
    );
    const message = () =>
      `Expected ${pass ? 'no' : 'a'} ${what} with ${inspect(expected)}. ` +
      `Recorded: ${inspect(recorded, { depth: 4 })}`;
    return { pass, message };
  };
}

/** Ids are recorded as strings. */
function asRecorded(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
}
