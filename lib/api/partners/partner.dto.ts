import { IsInt, IsOptional, Max, Min, MinLength, ValidateIf } from 'class-validator';
import { Dto } from '../dto.js';
import {
  IsDecimalAmount,
  NonEmptyString,
  OptionalDate,
  OptionalNested,
  OptionalNonEmptyString,
  OptionalString,
  OptionalStrings,
  ReferenceDto,
} from '../dto-fields.js';
import type { Decimal } from '../money/exact-amounts.js';

/**
 * Names a partner by one of these: the referral `key`, as in the link and the cookie; Partnero's `id`;
 * the `email`.
 */
export class PartnerReferenceDto extends ReferenceDto {}

class PartnerFieldsDto extends Dto {
  @OptionalString() name?: string | null | undefined;
  @OptionalString() surname?: string | null | undefined;

  /**
   * For the portal: 8 characters or more, with a small letter, a capital and a digit. Made by Partnero
   * when absent; required, says older documentation.
   */
  @OptionalString()
  @MinLength(8)
  password?: string | undefined;

  /** The referral key, made by Partnero when absent. Updating it changes the default referral link. */
  @OptionalNonEmptyString() key?: string | undefined;

  @OptionalStrings() tags?: string[] | null | undefined;
}

/**
 * Body of *create partner*.
 * @see https://docs.partnero.com (Partners, "Create partner")
 */
export class CreatePartnerDto extends PartnerFieldsDto {
  /** Must not be taken. */
  @NonEmptyString() email!: string;

  /** Made by Partnero when absent. */
  @OptionalNonEmptyString() id?: string | undefined;

  /** Who brought this partner, in programs of several tiers. */
  @OptionalNested(() => PartnerReferenceDto) referring_partner?: PartnerReferenceDto | undefined;
}

/**
 * What *update partner* may change; what is absent stays. `tags: []` removes all tags.
 * @see https://docs.partnero.com (Partners, "Update partner")
 */
export class UpdatePartnerDto extends PartnerFieldsDto {
  /** Must not be taken. */
  @OptionalNonEmptyString() email?: string | undefined;
}

/** A bonus for a partner. */
export class RewardPartnerDto extends Dto {
  /** In the currency of the program, as a string: `'25.00'`. At least 0.01. */
  @IsDecimalAmount() amount!: Decimal;

  @OptionalString() note?: string | undefined;

  /** Default: now. */
  @OptionalDate() date?: Date | undefined;
}

/** For whom *sign-in URL* is, and for how long. */
export class SignInUrlDto extends Dto {
  /** The referral key; or else the `email`. */
  @ValidateIf(({ key, email }: SignInUrlDto) => key !== undefined || email === undefined)
  @NonEmptyString()
  key?: string | undefined;

  @OptionalNonEmptyString() email?: string | undefined;

  /** Seconds, 30 to 900. */
  @IsOptional()
  @IsInt()
  @Min(30)
  @Max(900)
  expires_in?: number | undefined;
}
