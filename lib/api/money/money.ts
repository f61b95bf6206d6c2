import { PartneroError } from '../partnero.error.js';
import { COUNTED_DIFFERENTLY, currencyCode, minorUnitsOf } from './currency.js';
import type { Decimal } from './exact-amounts.js';

/** What doubles hold without loss, at Partnero's end too. */
const MOST_DIGITS = 15;
const MOST_DECIMALS = 8;

/**
 * An amount of money in the currency's major unit: `{ amount: '49.00', currency: 'USD' }` is
 * forty-nine dollars. The amount is a string, since a number doesn't say whether it counts dollars or
 * cents; if you have cents, use `fromMinorUnits()`.
 */
export interface Money {
  /**
   * Digits and at most one point: no sign, no exponent, no comma. No more decimals than the currency
   * has, and with them no more than 15 digits, which is what JSON numbers hold without loss.
   */
  readonly amount: Decimal;
  /** ISO 4217, such as `'USD'`. */
  readonly currency: string;
  /** How many decimals the currency has. Only needed if it isn't one of ISO 4217. */
  readonly exponent?: number | undefined;
}

/**
 * Money from an amount in the currency's minor unit, as payment providers count: cents, pence, yen.
 *
 * @example
 * fromMinorUnits(4900, 'USD') // 49.00
 * fromMinorUnits(500, 'JPY') // 500
 * fromMinorUnits(1234, 'KWD') // 1.234
 * fromMinorUnits(500, 'UGX', { exponent: 2 }) // 5.00: as Stripe counts these
 * @throws PartneroError `invalid_input` if it isn't a whole number of 0 or more, or if no `exponent` is
 * given for a currency that isn't one of ISO 4217, or for ISK, MGA and UGX, which providers count
 * differently
 */
export function fromMinorUnits(
  amount: number | bigint,
  currency: string,
  options: { readonly exponent?: number | undefined } = {},
): Money {
  const { exponent } = options;
  const unit = currencyProblem(currency, exponent);
  if (unit !== null) throw refused(unit);
  if (exponent === undefined && COUNTED_DIFFERENTLY.has(currencyCode(currency))) {
    throw refused(
      `must have an exponent, how many decimals your payment provider counts: for ${currencyCode(currency)}, ` +
        'they differ',
    );
  }
  const isWhole = typeof amount === 'bigint' || Number.isSafeInteger(amount);
  if (!isWhole || amount < 0) throw refused('must be a whole number of minor units, 0 or more');
  const decimals = decimalsOf({ currency, exponent }) ?? 0;
  const digits = String(amount).padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  const text = decimals === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  const money: Money = { amount: text, currency, exponent };
  const problem = moneyProblem(money);
  if (problem !== null) throw refused(problem);
  return canonicalMoney(money);
}

function refused(problem: string): PartneroError {
  return new PartneroError({
    kind: 'invalid_input',
    message: `fromMinorUnits(): the amount ${problem}.`,
    fieldErrors: { amount: [problem] },
  });
}

/** Good money in the one form that it has: decimals filled up, currency in upper case. */
export function canonicalMoney(value: Money): Money {
  const { exponent } = value;
  const currency = currencyCode(value.currency);
  const digits = decimalsOf(value) ?? 0;
  const [whole = '0', fraction = ''] = value.amount.split('.');
  const decimals = digits > 0 ? `.${fraction.padEnd(digits, '0')}` : '';
  const amount = `${whole.replace(/^0+(?=\d)/, '')}${decimals}`;
  return { amount, currency, ...(exponent === undefined ? {} : { exponent }) };
}

/** How many decimals money may have; `undefined` if nobody knows. */
export function decimalsOf({
  currency,
  exponent,
}: Pick<Money, 'currency' | 'exponent'>): number | undefined {
  return exponent ?? minorUnitsOf(currencyCode(currency));
}

/** What is wrong with something that should be money; `null` if nothing is. Tells no amount. */
export function moneyProblem(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) {
    return "must be money: { amount: '49.00', currency: 'USD' }, or fromMinorUnits(4900, 'USD')";
  }
  const { amount, currency, exponent } = value as Record<string, unknown>;
  const unit = currencyProblem(currency, exponent);
  if (unit !== null) return unit;
  const digits = decimalsOf({ currency: currency as string, exponent: exponent as number });
  return decimalProblem(amount, digits ?? MOST_DECIMALS);
}

/** What is wrong with something that should be a decimal amount; `null` if nothing is. */
export function decimalProblem(amount: unknown, mostDecimals: number): string | null {
  if (typeof amount === 'number') return "must hold the amount as a string, such as '49.00'";
  if (typeof amount !== 'string' || !/^\d+(\.\d+)?$/.test(amount)) {
    return "must hold a decimal amount: digits and at most one point, such as '49.00'";
  }
  const [whole = '', fraction = ''] = amount.split('.');
  if (fraction.length > mostDecimals) {
    return `must have no more decimals than the currency: ${mostDecimals}`;
  }
  const digits = whole.replace(/^0+/, '').length + mostDecimals;
  return digits > MOST_DIGITS
    ? `must have no more than ${MOST_DIGITS} digits, decimals included`
    : null;
}

/** What is wrong with a currency; `null` if nothing is. */
export function currencyProblem(currency: unknown, exponent: unknown): string | null {
  if (typeof currency !== 'string' || currency.trim() === '') {
    return "must name its currency, such as 'USD'";
  }
  if (exponent === undefined || exponent === null) {
    return minorUnitsOf(currencyCode(currency)) === undefined
      ? 'must name a currency of ISO 4217, or give its exponent: how many decimals it has'
      : null;
  }
  const fits = Number.isInteger(exponent) && Number(exponent) >= 0;
  return fits && Number(exponent) <= MOST_DECIMALS
    ? null
    : `must have an exponent from 0 to ${MOST_DECIMALS}`;
}
