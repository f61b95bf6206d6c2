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

/**
 * Body of *create lead*.
 * @see https://docs.partnero.com (Leads)
 */
export class CreateLeadDto {
  @IsString()
  @IsNotEmpty()
  name!: string;

  @IsString()
  @IsNotEmpty()
  email!: string;

  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => PartnerReferenceDto)
  partner!: PartnerReferenceDto;

  /**
   * The program's own fields by their id, which `leads.settings()` tells. Several values for a
   * checkbox; a code such as `US` for a country.
   */
  @IsOptional()
  @IsObject()
  cfields?: Record<string, string | string[]> | undefined;
}
