import { Type } from 'class-transformer';
import {
  IsDefined,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  ValidateNested,
} from 'class-validator';
import { PartnerReferenceDto } from '../partners/partner-reference.dto.js';
import { TaggedCustomerFieldsDto } from './customer-fields.dto.js';

/** Further options of *create customer*. */
export class CreateCustomerOptionsDto {
  /** One of the partner's referral URLs, where several are told apart. */
  @IsOptional()
  @IsString()
  referral_url?: string | undefined;
}

/**
 * Body of *create customer* in an affiliate program.
 * @see https://docs.partnero.com (Customers, "Create customer")
 */
export class CreateCustomerDto extends TaggedCustomerFieldsDto {
  /** Your own id of the customer, the one that you record sales with. */
  @IsString()
  @IsNotEmpty()
  key!: string;

  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => PartnerReferenceDto)
  partner!: PartnerReferenceDto;

  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => CreateCustomerOptionsDto)
  options?: CreateCustomerOptionsDto | undefined;
}
