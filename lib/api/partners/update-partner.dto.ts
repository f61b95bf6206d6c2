import { IsArray, IsNotEmpty, IsOptional, IsString, MinLength } from 'class-validator';

/**
 * What *update partner* may change; what is absent stays. `tags: []` removes all tags.
 * @see https://docs.partnero.com (Partners, "Update partner")
 */
export class UpdatePartnerDto {
  /** Must not be taken. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  email?: string | undefined;

  @IsOptional()
  @IsString()
  name?: string | null | undefined;

  @IsOptional()
  @IsString()
  surname?: string | null | undefined;

  @IsOptional()
  @IsString()
  @MinLength(8)
  password?: string | undefined;

  /** Of the default referral link: changes the link. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  key?: string | undefined;

  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  tags?: string[] | null | undefined;
}
