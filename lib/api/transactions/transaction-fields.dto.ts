import { Type } from 'class-transformer';
import {
  IsBoolean,
  IsDate,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  ValidateNested,
} from 'class-validator';

/** Further options of *create transaction*. */
export class CreateTransactionOptionsDto {
  /** Creates the customer too, with what `customer` says of him. */
  @IsOptional()
  @IsBoolean()
  create_customer?: boolean | undefined;
}

/** What a sale has in both kinds of program. */
export class TransactionFieldsDto {
  /**
   * Yours: of the order, invoice or charge. A sale without one can't be refunded. Never cut: where
   * Partnero refuses a long one, the call fails.
   */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  key?: string | undefined;

  /** Free text. Default `sale`. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  action?: string | undefined;

  /** When it happened, if not now. */
  @IsOptional()
  @IsDate()
  created_at?: Date | undefined;

  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => CreateTransactionOptionsDto)
  options?: CreateTransactionOptionsDto | undefined;
}
