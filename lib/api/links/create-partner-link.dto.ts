import { Type } from 'class-transformer';
import {
  IsBoolean,
  IsDefined,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { PartnerReferenceDto } from '../partners/partner-reference.dto.js';
import { LinkFieldsDto } from './link-fields.dto.js';

/** A further link of a partner. */
export class CreatePartnerLinkDto extends LinkFieldsDto {
  /** Must not be taken. */
  @IsString()
  @IsNotEmpty()
  key!: string;

  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => PartnerReferenceDto)
  partner!: PartnerReferenceDto;

  /** One of `links.domains()`. */
  @IsOptional()
  @IsInt()
  domain_id?: number | undefined;

  /** Needed together with `domain_id`. */
  @ValidateIf(
    ({ domain_id, is_additional }: CreatePartnerLinkDto) =>
      typeof domain_id === 'number' || typeof (is_additional ?? undefined) !== 'undefined',
  )
  @IsBoolean()
  is_additional?: boolean | undefined;
}
