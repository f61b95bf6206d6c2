import type { Decimal } from '../money/exact-amounts.js';
import { IsDecimalAmount } from '../money/is-money.decorator.js';

/** With what a lead is converted. */
export class ConvertLeadDto {
  /** What the commission is computed from, in the currency of the program, as a text: `'120.00'`. */
  @IsDecimalAmount()
  commission_transaction_amount!: Decimal;
}
