import { IsBoolean, IsNotEmpty, IsOptional, IsString } from 'class-validator';
import { LinkFieldsDto } from './link-fields.dto.js';

/** What *update link* may change; what is absent stays. */
export class UpdateLinkDto extends LinkFieldsDto {
  /** Must not be taken. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  key?: string | undefined;

  @IsOptional()
  @IsBoolean()
  is_additional?: boolean | undefined;
}
