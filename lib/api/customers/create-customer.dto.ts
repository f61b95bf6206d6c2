import { Type } from 'class-transformer';
import {
  IsDefined,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { TaggedCustomerFieldsDto } from './customer-fields.dto.js';

/** Names a partner by one of these. */
export class PartnerReferenceDto {
  /** The referral key, as in the link and the cookie. */
  @ValidateIf((self: PartnerReferenceDto) => isGiven(self.key) || !isNamed(self))
  @IsString()
  @IsNotEmpty()
  key?: string | undefined;

  /** Partnero's id of the partner. */
  @ValidateIf((self: PartnerReferenceDto) => isGiven(self.id))
  @IsString()
  @IsNotEmpty()
  id?: string | undefined;

  @ValidateIf((self: PartnerReferenceDto) => isGiven(self.email))
  @IsString()
  @IsNotEmpty()
  email?: string | undefined;
}

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

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isNamed(self: PartnerReferenceDto): boolean {
  return isGiven(self.id) || isGiven(self.email);
}
