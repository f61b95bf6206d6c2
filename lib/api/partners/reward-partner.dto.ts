import { IsDate, IsOptional, IsString } from 'class-validator';
import type { Decimal } from '../money/exact-amounts.js';
import { IsDecimalAmount } from '../money/is-money.decorator.js';

/** A bonus for a partner. */
export class RewardPartnerDto {
  /** In the currency of the program, as a text: `'25.00'`. At least 0.01. */
  @IsDecimalAmount()
  amount!: Decimal;

  @IsOptional()
  @IsString()
  note?: string | undefined;

  /** Default: now. */
  @IsOptional()
  @IsDate()
  date?: Date | undefined;
}
