import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsNotEmpty,
  IsOptional,
  IsString,
} from 'class-validator';
import type { WebhookEventName } from './webhook.model.js';

/**
 * Body of *create webhook*.
 * @see https://docs.partnero.com (Webhooks)
 */
export class CreateWebhookDto {
  @IsString()
  @IsNotEmpty()
  name!: string;

  @IsString()
  @IsNotEmpty()
  url!: string;

  /** Those of another type of program are refused. */
  @IsArray()
  @ArrayNotEmpty()
  @IsString({ each: true })
  events!: readonly WebhookEventName[];

  /** Made by Partnero when absent. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  key?: string | undefined;

  /** Partnero's default: `true`. */
  @IsOptional()
  @IsBoolean()
  is_active?: boolean | undefined;
}
