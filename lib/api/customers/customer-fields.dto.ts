import { IsArray, IsEmail, IsOptional, IsString } from 'class-validator';

// As lenient as class-validator can be: Partnero's own rule isn't published.
const LENIENT_EMAIL = {
  require_tld: false,
  allow_utf8_local_part: true,
  allow_underscores: true,
  ignore_max_length: true,
};

/** What every kind of customer may have. */
export class CustomerFieldsDto {
  /** Without it, Partnero can't tell a partner who refers himself. */
  @IsOptional()
  @IsEmail(LENIENT_EMAIL)
  email?: string | null | undefined;

  @IsOptional()
  @IsString()
  name?: string | null | undefined;

  @IsOptional()
  @IsString()
  surname?: string | null | undefined;
}

/** Customers of affiliate programs may have tags. */
export class TaggedCustomerFieldsDto extends CustomerFieldsDto {
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  tags?: string[] | null | undefined;
}
