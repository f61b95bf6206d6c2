import { Type } from 'class-transformer';
import { IsDefined, IsObject, IsOptional, IsString, ValidateNested } from 'class-validator';
import { ReferringCustomerDto } from '../customers/create-referred-customer.dto.js';
import { CustomerReferenceDto } from '../customers/customer-reference.dto.js';
import { IsMoney } from '../money/is-money.decorator.js';
import type { Money } from '../money/money.js';
import { TransactionFieldsDto } from './transaction-fields.dto.js';

/** The referred customer who bought; with `options.create_customer` all that is to be known of him. */
export class ReferredBuyerDto extends CustomerReferenceDto {
  @IsOptional()
  @IsString()
  name?: string | null | undefined;

  @IsOptional()
  @IsString()
  surname?: string | null | undefined;

  /** Who referred a customer who is created with his first sale. */
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ReferringCustomerDto)
  referring_customer?: ReferringCustomerDto | undefined;
}

/**
 * Body of *create transaction* in a refer-a-friend program.
 * @see https://docs.partnero.com (Refer-a-friend, Transactions)
 */
export class CreateReferAFriendTransactionDto extends TransactionFieldsDto {
  /** Only sales to referred customers count. */
  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => ReferredBuyerDto)
  customer!: ReferredBuyerDto;

  @IsMoney()
  amount!: Money;
}
