import { Type } from 'class-transformer';
import {
  IsArray,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { PartnerReferenceDto } from './partner-reference.dto.js';

/**
 * Body of *create partner*.
 * @see https://docs.partnero.com (Partners, "Create partner")
 */
export class CreatePartnerDto {
  /** Must not be taken. */
  @IsString()
  @IsNotEmpty()
  email!: string;

  @IsOptional()
  @IsString()
  name?: string | null | undefined;

  @IsOptional()
  @IsString()
  surname?: string | null | undefined;

  /**
   * For the portal: 8 characters or more, with a small letter, a capital and a digit. Made by Partnero
   * when absent; required, says older documentation.
   */
  @IsOptional()
  @IsString()
  @MinLength(8)
  password?: string | undefined;

  /** Made by Partnero when absent. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  id?: string | undefined;

  /** The referral key. Made by Partnero when absent. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  key?: string | undefined;

  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  tags?: string[] | null | undefined;

  /** Who brought this partner, in programs of several tiers. */
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => PartnerReferenceDto)
  referring_partner?: PartnerReferenceDto | undefined;
}
