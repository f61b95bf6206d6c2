import { IsOptional } from 'class-validator';
import { Dto } from '../dto.js';
import {
  NonEmptyString,
  NonEmptyStrings,
  OptionalBoolean,
  OptionalNonEmptyString,
} from '../dto-fields.js';
import type { WebhookEventName } from './webhook.model.js';

/**
 * Body of *create webhook*.
 * @see https://docs.partnero.com (Webhooks)
 */
export class CreateWebhookDto extends Dto {
  @NonEmptyString() name!: string;
  @NonEmptyString() url!: string;

  /** Those of another type of program are refused. */
  @NonEmptyStrings() events!: readonly WebhookEventName[];

  /** Made by Partnero when absent. */
  @OptionalNonEmptyString() key?: string | undefined;

  /** Partnero's default: `true`. */
  @OptionalBoolean() is_active?: boolean | undefined;
}

/** What *update webhook* may change; what is absent stays. */
export class UpdateWebhookDto extends Dto {
  @OptionalNonEmptyString() name?: string | undefined;
  @OptionalNonEmptyString() url?: string | undefined;

  @IsOptional()
  @NonEmptyStrings()
  events?: readonly WebhookEventName[] | undefined;

  @OptionalBoolean() is_active?: boolean | undefined;
}
