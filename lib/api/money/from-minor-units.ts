import { PartneroError } from '../partnero.error.js';
import { canonicalMoney, decimalsOf, type Money } from './money.js';
import { currencyProblem, moneyProblem } from './money-problem.js';

/**
 * Money from an amount in the currency's minor unit, as payment providers count: cents, pence, yen.
 *
 * @example
 * fromMinorUnits(4900, 'USD') // 49.00
 * fromMinorUnits(500, 'JPY') // 500
 * fromMinorUnits(1234, 'KWD') // 1.234
 * fromMinorUnits(500, 'UGX', { exponent: 2 }) // 5.00: as Stripe counts these
 * @throws PartneroError `invalid_input` if it isn't a whole number of 0 or more, or if the currency
 * isn't one of ISO 4217 and no `exponent` is given
 */
export function fromMinorUnits(
  amount: number | bigint,
  currency: string,
  options: { readonly exponent?: number | undefined } = {},
): Money {
  const { exponent } = options;
  const unit = currencyProblem(currency, exponent);
  if (unit !== null) throw refused(unit);
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
    message: `fromMinorUnits(): ${problem}.`,
    fieldErrors: { amount: [problem] },
  });
}
