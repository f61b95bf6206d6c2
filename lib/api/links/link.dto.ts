import { IsBoolean, IsInt, IsOptional, ValidateIf } from 'class-validator';
import { CustomerReferenceDto } from '../customers/customer.dto.js';
import { Dto } from '../dto.js';
import {
  isGiven,
  Nested,
  NonEmptyString,
  OptionalBoolean,
  OptionalNonEmptyString,
  OptionalString,
} from '../dto-fields.js';
import { PartnerReferenceDto } from '../partners/partner.dto.js';

/** How a link leads to its target. */
export class LinkFieldsDto extends Dto {
  @OptionalBoolean() direct_tracking?: boolean | undefined;
  @OptionalBoolean() direct_tracking_redirect?: boolean | undefined;

  @OptionalString() direct_tracking_redirect_url?: string | null | undefined;
}

class CreateLinkDto extends LinkFieldsDto {
  /** Must not be taken. */
  @NonEmptyString() key!: string;
}

/** A further link of a partner. */
export class CreatePartnerLinkDto extends CreateLinkDto {
  @Nested(() => PartnerReferenceDto) partner!: PartnerReferenceDto;

  /** One of `links.domains()`. */
  @IsOptional()
  @IsInt()
  domain_id?: number | undefined;

  /** Required with `domain_id`. */
  @ValidateIf(
    ({ domain_id, is_additional }: CreatePartnerLinkDto) =>
      typeof domain_id === 'number' || isGiven(is_additional),
  )
  @IsBoolean()
  is_additional?: boolean | undefined;
}

/** A further link of a customer in a refer-a-friend program. */
export class CreateCustomerLinkDto extends CreateLinkDto {
  @Nested(() => CustomerReferenceDto) customer!: CustomerReferenceDto;
}

/** What *update link* may change; what is absent stays. */
export class UpdateLinkDto extends LinkFieldsDto {
  /** Must not be taken. */
  @OptionalNonEmptyString() key?: string | undefined;

  @OptionalBoolean() is_additional?: boolean | undefined;
}
