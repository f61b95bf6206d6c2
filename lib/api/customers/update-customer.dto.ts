import { IsNotEmpty, IsOptional, IsString } from 'class-validator';
import { TaggedCustomerFieldsDto } from './customer-fields.dto.js';

/**
 * What *update customer* may change in an affiliate program; what is absent stays. `tags: []` removes
 * all tags.
 * @see https://docs.partnero.com (Customers, "Update customer")
 */
export class UpdateCustomerDto extends TaggedCustomerFieldsDto {
  /** A new key for the customer; must not be taken. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  key?: string | undefined;
}
