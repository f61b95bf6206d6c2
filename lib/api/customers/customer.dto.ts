import { IsDateString, IsEmail, IsObject, IsOptional } from 'class-validator';
import { Dto } from '../dto.js';
import {
  IsMoney,
  Nested,
  NonEmptyString,
  OptionalBoolean,
  OptionalNested,
  OptionalNonEmptyString,
  OptionalString,
  OptionalStrings,
  ReferenceDto,
} from '../dto-fields.js';
import type { Money } from '../money/money.js';
import { PartnerReferenceDto } from '../partners/partner.dto.js';
import type { ByProgram } from '../program/program-type.js';

// As lenient as class-validator can be: Partnero's own rule isn't published.
const LENIENT_EMAIL = {
  require_tld: false,
  allow_utf8_local_part: true,
  allow_underscores: true,
  ignore_max_length: true,
};

/**
 * Names a customer by one of these. `key` is your own id in an affiliate program, and the public key
 * in a refer-a-friend program, where `id` is your own.
 */
export class CustomerReferenceDto extends ReferenceDto {}

/** What every kind of customer may have. */
export class CustomerFieldsDto extends Dto {
  /** Without it, Partnero can't detect partners who refer themselves. */
  @IsOptional()
  @IsEmail(LENIENT_EMAIL)
  email?: string | null | undefined;

  @OptionalString() name?: string | null | undefined;
  @OptionalString() surname?: string | null | undefined;
}

/** Customers of affiliate programs may have tags. */
export class TaggedCustomerFieldsDto extends CustomerFieldsDto {
  @OptionalStrings() tags?: string[] | null | undefined;
}

/** Further options of *create customer*. */
export class CreateCustomerOptionsDto extends Dto {
  /** One of the partner's referral URLs, where there are several. */
  @OptionalString() referral_url?: string | undefined;
}

/**
 * Body of *create customer* in an affiliate program.
 * @see https://docs.partnero.com (Customers, "Create customer")
 */
export class CreateCustomerDto extends TaggedCustomerFieldsDto {
  /** Your own id of the customer, the one that you record sales with. */
  @NonEmptyString() key!: string;

  @Nested(() => PartnerReferenceDto) partner!: PartnerReferenceDto;

  @OptionalNested(() => CreateCustomerOptionsDto) options?: CreateCustomerOptionsDto | undefined;
}

/**
 * What *update customer* may change in an affiliate program; what is absent stays. `tags: []` removes
 * all tags.
 * @see https://docs.partnero.com (Customers, "Update customer")
 */
export class UpdateCustomerDto extends TaggedCustomerFieldsDto {
  /** A new key for the customer; must not be taken. */
  @OptionalNonEmptyString() key?: string | undefined;
}

/** Names the customer who referred this one. */
export class ReferringCustomerDto extends Dto {
  /** The public key, as in the link and the cookie. */
  @OptionalNonEmptyString() key?: string | undefined;

  /** The private id; wins over `key`. */
  @OptionalNonEmptyString() id?: string | undefined;
}

/** What else Partnero keeps of a customer in a refer-a-friend program. */
export class CustomerMetadataDto extends Dto {
  @IsOptional()
  @IsDateString()
  date_of_birth?: string | undefined;
}

/**
 * Body of *create customer* in a refer-a-friend program.
 * @see https://docs.partnero.com (Refer-a-friend, Customers, "Create customer")
 */
export class CreateReferredCustomerDto extends CustomerFieldsDto {
  /** Your own id of the customer. Private; made by Partnero when absent. */
  @OptionalNonEmptyString() id?: string | undefined;

  /** Public: it appears in the customer's referral link. Made by Partnero when absent. */
  @OptionalNonEmptyString() key?: string | undefined;

  /** Leave it out for a customer whom nobody referred. */
  @OptionalNested(() => ReferringCustomerDto) referring_customer?: ReferringCustomerDto | undefined;

  @OptionalNested(() => CustomerMetadataDto) metadata?: CustomerMetadataDto | undefined;
}

/** Body of *create customer* in a program of a type. */
export type CreateCustomerInput<TProgram extends 'affiliate' | 'refer-a-friend' = 'affiliate'> =
  ByProgram<TProgram, CreateCustomerDto, CreateReferredCustomerDto, never>;

/**
 * What *update customer* may change in a refer-a-friend program; what is absent stays.
 * @see https://docs.partnero.com (Refer-a-friend, Customers, "Update customer")
 */
export class UpdateReferAFriendCustomerDto extends CustomerFieldsDto {}

/** What *credit balance* adds to a customer's balance. */
export class CreditBalanceDto extends Dto {
  /**
   * What isn't money goes out under the name of its unit, with an exponent:
   * `{ amount: '100', currency: 'points', exponent: 0 }`.
   */
  @IsMoney() amount!: Money;

  /** Default `true`. What may be credited depends on the reward types of the program. */
  @OptionalBoolean() is_currency?: boolean | undefined;
}

/** Whom *invite customer* writes to. */
export class InviteCustomerDto extends Dto {
  @NonEmptyString() email!: string;

  /** Strings for the placeholders of the invitation. */
  @IsOptional()
  @IsObject()
  personalization?: Record<string, string> | undefined;
}
