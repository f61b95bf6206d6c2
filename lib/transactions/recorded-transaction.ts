import type { Decimal } from '../api/money/exact-amounts.js';
import type { AnsweredTransaction } from './partnero-transactions.js';
import { moneyOf, type SaleDto } from './sale.js';

/**
 * Whether what Partnero has under a key is this sale. What an answer doesn't tell, or tells in a way
 * that can't be compared, is taken for the same.
 */
export function isSameSale(
  there: AnsweredTransaction,
  sale: SaleDto,
  customerKey: string,
): boolean {
  const [amount, currency] = moneyOf(sale);
  const customer = there.referred_customer ?? there.customer;
  return (
    (!sale.amount || isSame(there.amount, amount, plain)) &&
    isSame(there.amount_units, currency, (text) => text.toUpperCase()) &&
    isSame(nameOf(customer), customerKey, (text) => text)
  );
}

function isSame(
  there: string | null | undefined,
  ours: string,
  canonical: (text: string) => string,
): boolean {
  return typeof there !== 'string' || there === '' || canonical(there) === canonical(ours);
}

/** `49`, `49.0` and `049.00` are the same amount. */
function plain(amount: Decimal): Decimal {
  const [whole = '', fraction = ''] = amount.split('.');
  return `${whole.replace(/^0+(?=\d)/, '')}.${fraction.replace(/0+$/, '')}`;
}

/** A buyer is named by their key, or in a refer-a-friend program may be a whole customer. */
function nameOf(customer: AnsweredTransaction['customer']): string | undefined {
  if (typeof customer === 'string') return customer;
  return customer?.id ?? undefined;
}
