import { Type } from 'class-transformer';
import {
  IsDateString,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  ValidateNested,
} from 'class-validator';
import { CustomerFieldsDto } from './customer-fields.dto.js';

/** Names the customer who referred this one. */
export class ReferringCustomerDto {
  /** The public key, as in the link and the cookie. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  key?: string | undefined;

  /** The private id; wins over `key`. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  id?: string | undefined;
}

/** What else Partnero keeps of a customer in a refer-a-friend program. */
export class CustomerMetadataDto {
  @IsOptional()
  @IsDateString()
  date_of_birth?: string | undefined;
}

/**
 * Body of *create customer* in a refer-a-friend program.
 * @see https://docs.partnero.com (Refer-a-friend, Customers, "Create customer")
 */
export class CreateReferredCustomerDto extends CustomerFieldsDto {
  /** Your own id of the customer. Private; made by Partnero when absent. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  id?: string | undefined;

  /** Public: it appears in the customer's referral link. Made by Partnero when absent. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  key?: string | undefined;

  /** Leave it out for a customer whom nobody referred. */
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ReferringCustomerDto)
  referring_customer?: ReferringCustomerDto | undefined;

  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => CustomerMetadataDto)
  metadata?: CustomerMetadataDto | undefined;
}
