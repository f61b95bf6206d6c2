import type { ApiVariants } from '../api.variants.js';
import { canonicalMoney, type Money } from '../money/money.js';
import { PartneroError } from '../partnero.error.js';
import { withoutNulls } from '../validate-input.js';
import type { TransactionFieldsDto } from './transaction.dto.js';

const MONEY_FIELDS = ['amount', 'reward', 'gross_amount', 'discount_amount'] as const;

type SaleMoney = { readonly [Field in (typeof MONEY_FIELDS)[number]]?: Money | null | undefined };

/** A sale as Partnero takes it: amounts as numbers of major units, in one currency. */
export function transactionBody(
  sale: TransactionFieldsDto & SaleMoney,
  { saleTime }: ApiVariants,
): Record<string, unknown> {
  const { created_at: at, action } = sale;
  return {
    ...withoutNulls(sale),
    ...amountsOf(sale),
    action: action ?? 'sale',
    ...(at ? { created_at: saleTime === 'unix' ? unixSeconds(at) : at.toISOString() } : {}),
  };
}

/**
 * No loss: with no more than 15 digits, the number that JSON holds is the text that was given.
 * @throws PartneroError `invalid_input` if they are in several currencies
 */
export function amountsOf(sale: SaleMoney): Record<string, unknown> {
  const amounts: Record<string, unknown> = {};
  let units: string | undefined;
  for (const field of MONEY_FIELDS) {
    const given = sale[field];
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
