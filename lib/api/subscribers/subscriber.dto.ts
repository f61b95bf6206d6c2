import { IsIn, IsOptional, ValidateIf } from 'class-validator';
import { Dto } from '../dto.js';
import {
  NonEmptyString,
  OptionalBoolean,
  OptionalNested,
  OptionalNonEmptyString,
  OptionalString,
} from '../dto-fields.js';

/** Names a subscriber by one of two. */
export class SubscriberReferenceDto extends Dto {
  /** Of the newsletter service. */
  @ValidateIf(({ id, email }: SubscriberReferenceDto) => id !== undefined || email === undefined)
  @NonEmptyString()
  id?: string | undefined;

  @OptionalNonEmptyString() email?: string | undefined;
}

/** What a subscriber may have. */
export class SubscriberFieldsDto extends Dto {
  @OptionalString() name?: string | null | undefined;
  @OptionalBoolean() tos?: boolean | undefined;

  @OptionalBoolean() marketing_consent?: boolean | undefined;

  @IsOptional()
  @IsIn(['active', 'rejected', 'suspended'])
  status?: 'active' | 'rejected' | 'suspended' | undefined;

  @OptionalBoolean() approved?: boolean | undefined;
}

/**
 * Body of *create subscriber*.
 * @see https://docs.partnero.com (Newsletter, Subscribers)
 */
export class CreateSubscriberDto extends SubscriberFieldsDto {
  /** Must not be taken. */
  @NonEmptyString() email!: string;

  /** Leave it out if Partnero synchronises with the newsletter service. */
  @OptionalNonEmptyString() id?: string | undefined;

  /** Who referred this subscriber. */
  @OptionalNested(() => SubscriberReferenceDto) referral?: SubscriberReferenceDto | undefined;
}

/** What *update subscriber* may change; what is absent stays. */
export class UpdateSubscriberDto extends SubscriberFieldsDto {
  /** Must not be taken. */
  @OptionalNonEmptyString() email?: string | undefined;
}
