/** An amount as Partnero wrote it, such as `'29.997'`: any number of decimals, none lost. */
export type Decimal = string;

/** Fields of answers that hold an amount. */
const AMOUNTS: ReadonlySet<string> = new Set([
  'amount',
  'gross_amount',
  'discount_amount',
  'paid',
  'commission',
]);

/**
 * Reviver for `JSON.parse`: amounts become the text that stood in the answer, since a number would
 * lose what it can't hold, and would tempt to calculate with it.
 */
export function exactAmounts(
  this: unknown,
  name: string,
  value: unknown,
  context?: { readonly source?: string },
): unknown {
  if (typeof value !== 'number' || !AMOUNTS.has(name)) return value;
  return plain(context?.source ?? String(value));
}

/** Without an exponent, which few know how to read. */
function plain(literal: string): Decimal {
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]?\d{1,3})$/i.exec(literal);
  if (!match) return literal;
  const [, sign = '', whole = '', fraction = '', exponent] = match;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits + '0'.repeat(point - digits.length);
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
