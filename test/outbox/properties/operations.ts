import fc from 'fast-check';

/** One of the two engines on the store. */
export type Member = 0 | 1;

/** How Partnero responds from now on. */
export type Mode = 'completes' | 'fails' | 'defers' | 'hangs' | 'mixed';

/** Something that happens to an outbox. `nth` picks one of those jobs that it could happen to. */
export type Operation =
  | { type: 'enqueue'; by: Member; customer: string; replaces: number | null }
  | { type: 'sale'; by: Member; customer: string; invoice: string; digest: string }
  | { type: 'refund'; by: Member; customer: string; invoice: string }
  | { type: 'erase'; by: Member; customer: string }
  | { type: 'release' | 'discard'; by: Member; nth: number }
  | { type: 'respond'; mode: Mode }
  | { type: 'drain' | 'close' | 'kill'; by: Member }
  | { type: 'requeue'; customer: string | null }
  | { type: 'forget'; by: Member; customer: string }
  | { type: 'wait'; ms: number };

const by = fc.constantFrom<Member>(0, 1);
const customer = fc.constantFrom('a', 'b', 'c');
const invoice = fc.constantFrom('1', '2');
const digest = fc.constantFrom('49.00', '50.00');
const nth = fc.nat(7);
const mode = fc.constantFrom<Mode>('completes', 'completes', 'fails', 'defers', 'hangs', 'mixed');
const of = <T extends Operation['type']>(type: T) => fc.constant(type);
const often = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });

const operation: fc.Arbitrary<Operation> = fc.oneof(
  often(6, fc.record({ type: of('enqueue'), by, customer, replaces: fc.option(nth, { freq: 3 }) })),
  often(6, fc.record({ type: of('release'), by, nth })),
  often(3, fc.record({ type: of('discard'), by, nth })),
  often(3, fc.record({ type: of('sale'), by, customer, invoice, digest })),
  often(2, fc.record({ type: of('refund'), by, customer, invoice })),
  often(1, fc.record({ type: of('erase'), by, customer })),
  often(3, fc.record({ type: of('respond'), mode })),
  often(3, fc.record({ type: of('wait'), ms: fc.constantFrom(0, 2, 10, 40) })),
  often(1, fc.record({ type: of('requeue'), customer: fc.option(customer) })),
  often(1, fc.record({ type: of('forget'), by, customer })),
  often(
    2,
    fc.record({ type: fc.constantFrom('drain' as const, 'close' as const, 'kill' as const), by }),
  ),
);

export const operations = fc.array(operation, { minLength: 20, maxLength: 60 });
