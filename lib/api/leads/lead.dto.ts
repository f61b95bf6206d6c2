import { IsObject, IsOptional } from 'class-validator';
import { Dto } from '../dto.js';
import { IsDecimalAmount, Nested, NonEmptyString } from '../dto-fields.js';
import type { Decimal } from '../money/exact-amounts.js';
import { PartnerReferenceDto } from '../partners/partner.dto.js';

/**
 * Body of *create lead*.
 * @see https://docs.partnero.com (Leads)
 */
export class CreateLeadDto extends Dto {
  @NonEmptyString() name!: string;
  @NonEmptyString() email!: string;

  @Nested(() => PartnerReferenceDto) partner!: PartnerReferenceDto;

  /**
   * The program's own fields by their id, which `leads.settings()` tells. Several values for a
   * checkbox; a code such as `US` for a country.
   */
  @IsOptional()
  @IsObject()
  cfields?: Record<string, string | string[]> | undefined;
}

/** With what a lead is converted. */
export class ConvertLeadDto extends Dto {
  /** The commission is computed from this amount, in the currency of the program: `'120.00'`. */
  @IsDecimalAmount() commission_transaction_amount!: Decimal;
}
