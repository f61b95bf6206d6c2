import { ValidateIf } from 'class-validator';
import { CustomerReferenceDto, ReferringCustomerDto } from '../customers/customer.dto.js';
import { Dto } from '../dto.js';
import {
  isGiven,
  IsMoney,
  Nested,
  OptionalBoolean,
  OptionalDate,
  OptionalMoney,
  OptionalNested,
  OptionalNonEmptyString,
  OptionalProduct,
  OptionalString,
} from '../dto-fields.js';
import type { Money } from '../money/money.js';
import { PartnerReferenceDto } from '../partners/partner.dto.js';

/** Further options of *create transaction*. */
export class CreateTransactionOptionsDto extends Dto {
  /** Creates the customer too, with what `customer` says. */
  @OptionalBoolean() create_customer?: boolean | undefined;
}

/** What a sale has in both kinds of program. */
export class TransactionFieldsDto extends Dto {
  /**
   * Yours: of the order, invoice or charge. A sale without one can't be refunded. Never cut: where
   * Partnero refuses a long one, the call fails.
   */
  @OptionalNonEmptyString() key?: string | undefined;

  /** Free text. Default `sale`. */
  @OptionalNonEmptyString() action?: string | undefined;

  /** When it happened, if not now. */
  @OptionalDate() created_at?: Date | undefined;

  @OptionalNested(() => CreateTransactionOptionsDto)
  options?: CreateTransactionOptionsDto | undefined;
}

class NamedBuyerDto extends CustomerReferenceDto {
  @OptionalString() name?: string | null | undefined;
  @OptionalString() surname?: string | null | undefined;
}

/** Who bought; with `options.create_customer` all that Partnero is to know of this customer. */
export class BuyerDto extends NamedBuyerDto {
  /** The partner of a customer who is created with the first sale. */
  @OptionalNested(() => PartnerReferenceDto) partner?: PartnerReferenceDto | undefined;
}

/** The referred customer who bought; with `options.create_customer` all that is to be known. */
export class ReferredBuyerDto extends NamedBuyerDto {
  /** Who referred a customer who is created with the first sale. */
  @OptionalNested(() => ReferringCustomerDto) referring_customer?: ReferringCustomerDto | undefined;
}

/**
 * Body of *create transaction* in an affiliate program. All of its money is in one currency.
 * @see https://docs.partnero.com (Transactions, "Create transaction")
 */
export class CreateTransactionDto extends TransactionFieldsDto {
  @Nested(() => BuyerDto) customer!: BuyerDto;

  /** The commission is computed from this. Either this or `reward`. */
  @ValidateIf(({ amount, reward }: CreateTransactionDto) => isGiven(amount) || !isGiven(reward))
  @IsMoney()
  amount?: Money | undefined;

  /** Sets the commission itself. */
  @OptionalMoney() reward?: Money | undefined;

  /** Of the product, for rules per product; several when an order has several. */
  @OptionalProduct() product_id?: string | number | readonly (string | number)[] | undefined;

  /** Its category, likewise. */
  @OptionalProduct() product_type?: string | number | readonly (string | number)[] | undefined;

  /** Whether the commission has been paid already. Partnero's default: `false`. */
  @OptionalBoolean() rewarded?: boolean | undefined;

  /** `false`: no commission for this one. Partnero's default: `true`. */
  @OptionalBoolean() rewardable?: boolean | undefined;

  /**
   * Before discounts.
   * @experimental Known from the vendor's own client only.
   */
  @OptionalMoney() gross_amount?: Money | undefined;

  /** @experimental Known from the vendor's own client only. */
  @OptionalMoney() discount_amount?: Money | undefined;

  /** @experimental Known from the vendor's own client only. */
  @OptionalString() discount_code?: string | undefined;
}

/**
 * Body of *create transaction* in a refer-a-friend program.
 * @see https://docs.partnero.com (Refer-a-friend, Transactions)
 */
export class CreateReferAFriendTransactionDto extends TransactionFieldsDto {
  /** Only sales to referred customers count. */
  @Nested(() => ReferredBuyerDto) customer!: ReferredBuyerDto;

  @IsMoney() amount!: Money;
}
