import { IsBoolean, IsOptional, IsString } from 'class-validator';

/** How a link leads to its target. */
export class LinkFieldsDto {
  @IsOptional()
  @IsBoolean()
  direct_tracking?: boolean | undefined;

  @IsOptional()
  @IsBoolean()
  direct_tracking_redirect?: boolean | undefined;

  @IsOptional()
  @IsString()
  direct_tracking_redirect_url?: string | null | undefined;
}
