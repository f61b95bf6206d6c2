import fc from 'fast-check';
import type { ProcessNumber } from './model.js';

/** Something that happens to an outbox. `nth` picks one of those that it could happen to. */
export type Operation =
  | { type: 'accept'; by: ProcessNumber; lane: string; replaces: number | null }
  | { type: 'sale'; by: ProcessNumber; lane: string; key: string; digest: string }
  | { type: 'refund'; by: ProcessNumber; key: string }
  | { type: 'release' | 'discard'; by: ProcessNumber; nth: number }
  | { type: 'claim'; by: ProcessNumber; max: number }
  | { type: 'note'; by: ProcessNumber; nth: number }
  | { type: 'settle'; by: ProcessNumber; nth: number; freesKey: boolean }
  | {
      type: 'fail';
      by: ProcessNumber;
      nth: number;
      delayMs: number;
      as: 'attempt' | 'wait' | 'dead';
    }
  | { type: 'hand back' | 'crash' | 'restart'; by: ProcessNumber }
  | { type: 'clock'; byMs: number }
  | { type: 'replay'; lane: string | null }
  | { type: 'forget'; lane: string };

const HOUR = 3_600_000;
const by = fc.constantFrom<ProcessNumber>(0, 1);
const lane = fc.constantFrom('a', 'b', 'c');
const key = fc.constantFrom('inv-1', 'inv-2');
const nth = fc.nat(7);
const of = <T extends Operation['type']>(type: T) => fc.constant(type);

/** Any of them, the usual ones more often. */
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: of('accept'),
      by,
      lane,
      replaces: fc.option(nth, { freq: 8 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: of('sale'),
      by,
      lane,
      key,
      digest: fc.constantFrom('49.00', '50.00'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: of('refund'), by, key }) },
  { weight: 5, arbitrary: fc.record({ type: of('release'), by, nth }) },
  { weight: 2, arbitrary: fc.record({ type: of('discard'), by, nth }) },
  {
    weight: 6,
    arbitrary: fc.record({ type: of('claim'), by, max: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ type: of('note'), by, nth }) },
  { weight: 4, arbitrary: fc.record({ type: of('settle'), by, nth, freesKey: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: of('fail'),
      by,
      nth,
      delayMs: fc.constantFrom(0, HOUR),
      as: fc.constantFrom('attempt', 'wait', 'dead'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom('hand back', 'crash', 'restart'),
      by,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: of('clock'),
      byMs: fc.constantFrom(HOUR, -HOUR, 400 * 24 * HOUR, -400 * 24 * HOUR),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: of('replay'), lane: fc.option(lane) }) },
  { weight: 1, arbitrary: fc.record({ type: of('forget'), lane }) },
);

export const operations = fc.array(operation, { minLength: 20, maxLength: 60 });
