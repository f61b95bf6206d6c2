import { Type } from 'class-transformer';
import {
  IsBoolean,
  IsDefined,
  IsObject,
  IsOptional,
  IsString,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { CustomerReferenceDto } from '../customers/customer-reference.dto.js';
import { IsMoney } from '../money/is-money.decorator.js';
import type { Money } from '../money/money.js';
import { PartnerReferenceDto } from '../partners/partner-reference.dto.js';
import { TransactionFieldsDto } from './transaction-fields.dto.js';

/** Who bought; with `options.create_customer` all that Partnero is to know of him. */
export class BuyerDto extends CustomerReferenceDto {
  @IsOptional()
  @IsString()
  name?: string | null | undefined;

  @IsOptional()
  @IsString()
  surname?: string | null | undefined;

  /** Whom a customer counts for who is created with his first sale. */
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => PartnerReferenceDto)
  partner?: PartnerReferenceDto | undefined;
}

/**
 * Body of *create transaction* in an affiliate program. All of its money is in one currency.
 * @see https://docs.partnero.com (Transactions, "Create transaction")
 */
export class CreateTransactionDto extends TransactionFieldsDto {
  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => BuyerDto)
  customer!: BuyerDto;

  /** The commission is computed from this. Either this or `reward`. */
  @ValidateIf((self: CreateTransactionDto) => isGiven(self.amount) || !isGiven(self.reward))
  @IsMoney()
  amount?: Money | undefined;

  /** Sets the commission itself. */
  @IsOptional()
  @IsMoney()
  reward?: Money | undefined;

  /** Of the product, for rules per product; several when an order has several. */
  @IsOptional()
  product_id?: string | number | readonly (string | number)[] | undefined;

  /** Its category, likewise. */
  @IsOptional()
  product_type?: string | number | readonly (string | number)[] | undefined;

  /** Whether the commission has been paid already. Partnero's default: `false`. */
  @IsOptional()
  @IsBoolean()
  rewarded?: boolean | undefined;

  /** `false`: no commission for this one. Partnero's default: `true`. */
  @IsOptional()
  @IsBoolean()
  rewardable?: boolean | undefined;

  /**
   * Before discounts.
   * @experimental Known from the vendor's own client only.
   */
  @IsOptional()
  @IsMoney()
  gross_amount?: Money | undefined;

  /** @experimental Known from the vendor's own client only. */
  @IsOptional()
  @IsMoney()
  discount_amount?: Money | undefined;

  /** @experimental Known from the vendor's own client only. */
  @IsOptional()
  @IsString()
  discount_code?: string | undefined;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
