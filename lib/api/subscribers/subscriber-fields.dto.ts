import { IsBoolean, IsIn, IsOptional, IsString } from 'class-validator';

/** What a subscriber may have. */
export class SubscriberFieldsDto {
  @IsOptional()
  @IsString()
  name?: string | null | undefined;

  @IsOptional()
  @IsBoolean()
  tos?: boolean | undefined;

  @IsOptional()
  @IsBoolean()
  marketing_consent?: boolean | undefined;

  @IsOptional()
  @IsIn(['active', 'rejected', 'suspended'])
  status?: 'active' | 'rejected' | 'suspended' | undefined;

  @IsOptional()
  @IsBoolean()
  approved?: boolean | undefined;
}
