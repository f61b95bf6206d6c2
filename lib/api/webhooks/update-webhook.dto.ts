import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsNotEmpty,
  IsOptional,
  IsString,
} from 'class-validator';
import type { WebhookEventName } from './webhook.model.js';

/** What *update webhook* may change; what is absent stays. */
export class UpdateWebhookDto {
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  name?: string | undefined;

  @IsOptional()
  @IsString()
  @IsNotEmpty()
  url?: string | undefined;

  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @IsString({ each: true })
  events?: readonly WebhookEventName[] | undefined;

  @IsOptional()
  @IsBoolean()
  is_active?: boolean | undefined;
}
