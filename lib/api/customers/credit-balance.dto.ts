import { IsBoolean, IsOptional } from 'class-validator';
import { IsMoney } from '../money/is-money.decorator.js';
import type { Money } from '../money/money.js';

/** What *credit balance* adds to a customer's balance. */
export class CreditBalanceDto {
  /**
   * What isn't money goes out under the name of its unit, with an exponent:
   * `{ amount: '100', currency: 'points', exponent: 0 }`.
   */
  @IsMoney()
  amount!: Money;

  /** Default `true`. What may be credited depends on the reward types of the program. */
  @IsOptional()
  @IsBoolean()
  is_currency?: boolean | undefined;
}
