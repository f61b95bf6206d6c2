import type { ApiVariants } from '../api.variants.js';
import { canonicalMoney, type Money } from '../money/money.js';
import { PartneroError } from '../partnero.error.js';
import { withoutNulls } from '../validate-input.js';
import type { TransactionFieldsDto } from './transaction.dto.js';

/** A sale as Partnero takes it: amounts as numbers of major units, in one currency. */
export function transactionBody(
  sale: TransactionFieldsDto,
  money: Readonly<Record<string, Money | null | undefined>>,
  { saleTime }: ApiVariants,
): Record<string, unknown> {
  const { created_at: at, action } = sale;
  return {
    ...withoutNulls(sale),
    ...amountsOf(money),
    action: action ?? 'sale',
    ...(at ? { created_at: saleTime === 'unix' ? unixSeconds(at) : at.toISOString() } : {}),
  };
}

/** No loss: with no more than 15 digits, the number that JSON holds is the text that was given. */
function amountsOf(
  money: Readonly<Record<string, Money | null | undefined>>,
): Record<string, unknown> {
  const amounts: Record<string, unknown> = {};
  let units: string | undefined;
  for (const [field, given] of Object.entries(money)) {
    if (!given) continue;
    const { amount, currency } = canonicalMoney(given);
    units ??= currency;
    if (currency !== units) throw severalCurrencies(field);
    amounts[field] = Number(amount);
  }
  return { ...amounts, amount_units: units };
}

function unixSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1_000);
}

function severalCurrencies(field: string): PartneroError {
  const problem = 'must be in the same currency as the rest of the sale';
  return new PartneroError({
    kind: 'invalid_input',
    message: `This can't be sent to Partnero: ${field}: ${problem}.`,
    fieldErrors: { [field]: [problem] },
  });
}
