import { currencyCode, minorUnitsOf } from './currency.js';
import type { Decimal } from './exact-amounts.js';

/**
 * An amount of money in the currency's major unit: `{ amount: '49.00', currency: 'USD' }` is
 * forty-nine dollars. The amount is a text, since a number doesn't say whether it counts dollars or
 * cents; for whoever has cents there is `fromMinorUnits()`.
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
