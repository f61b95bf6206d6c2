import { Type } from 'class-transformer';
import { IsDefined, IsNotEmpty, IsObject, IsString, ValidateNested } from 'class-validator';
import { CustomerReferenceDto } from '../customers/customer-reference.dto.js';
import { LinkFieldsDto } from './link-fields.dto.js';

/** A further link of a customer in a refer-a-friend program. */
export class CreateCustomerLinkDto extends LinkFieldsDto {
  /** Must not be taken. */
  @IsString()
  @IsNotEmpty()
  key!: string;

  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => CustomerReferenceDto)
  customer!: CustomerReferenceDto;
}
