import { currencyCode, minorUnitsOf } from './currency.js';
import { decimalsOf } from './money.js';

/** What doubles hold without loss, at Partnero's end too. */
const MOST_DIGITS = 15;
const MOST_DECIMALS = 8;

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
  if (typeof amount === 'number') return "must hold the amount as a text, such as '49.00'";
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
