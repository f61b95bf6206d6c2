import { createHash } from 'node:crypto';
import { canonicalMoney, type Money } from '../api/money/money.js';
import { amountsOf } from '../api/transactions/transaction-body.js';
import {
  CreateReferAFriendTransactionDto,
  CreateTransactionDto,
} from '../api/transactions/transaction.dto.js';
import { validateInput } from '../api/validate-input.js';
import type { CustomerId } from '../common/customer-id.js';
import { checkKey } from '../program/check-input.js';

/** Who bought, by your own id: what the customer was attributed with. */
export interface Buyer {
  readonly key?: CustomerId | undefined;
  /** The same, for those who call it so. */
  readonly id?: CustomerId | undefined;
}

type SaleOf<Dto> = Omit<Dto, 'key' | 'customer' | 'options'> & {
  /**
   * Your id of the invoice, order or charge. It tells a redelivery from another sale, and identifies
   * the sale in a refund. Never the customer's id: the customer's next sale would count as the same.
   */
  readonly key: CustomerId;
  readonly customer: Buyer;
};

/** A sale for `transactions.record()`. Its amount is a string with a currency, or `fromMinorUnits()`. */
export type Sale = SaleOf<CreateTransactionDto>;
/** The same in a refer-a-friend program. */
export type ReferAFriendSale = SaleOf<CreateReferAFriendTransactionDto>;

export type SaleDto = CreateTransactionDto | CreateReferAFriendTransactionDto;
export type SalesProgram = 'affiliate' | 'refer-a-friend';

/** A sale that has been checked. */
export interface CheckedSale {
  readonly key: string;
  /** Your own id of the customer. */
  readonly customerKey: string;
  readonly dto: SaleDto;
}

/** @throws PartneroError `invalid_input`, naming the fields */
export function checkSale(sale: Sale | ReferAFriendSale, program: SalesProgram): CheckedSale {
  const input: Partial<Sale> = typeof sale === 'object' && sale !== null ? sale : {};
  const key = checkKey(input.key, 'key');
  const customerKey = checkKey(input.customer?.id ?? input.customer?.key, 'customer');
  const customer = program === 'affiliate' ? { key: customerKey } : { id: customerKey };
  const dto: SaleDto = validateInput<SaleDto>(dtoOf(program), { ...input, key, customer });
  // Throws if they are several.
  amountsOf(dto);
  return { key, customerKey, dto };
}

/** Equal for sales of the same money to the same customer. */
export function digestOf({ dto, customerKey }: CheckedSale): string {
  const said = [moneyOf(dto), customerKey].flat().join('\n');
  return createHash('sha256').update(said).digest('base64url').slice(0, 22);
}

/** What a sale is about, in canonical form: the amount, or the reward that takes its place. */
export function moneyOf(dto: SaleDto): [amount: string, currency: string] {
  const money: Money | undefined = dto.amount ?? ('reward' in dto ? dto.reward : undefined);
  const { amount, currency } = canonicalMoney(money!);
  return [amount, currency];
}

export function writeSale({ dto }: CheckedSale): string {
  return JSON.stringify(dto);
}

/** `undefined` for what isn't a sale. */
export function readSale(payload: string, program: SalesProgram): SaleDto | undefined {
  try {
    const stored = JSON.parse(payload) as { created_at?: string };
    const { created_at: at } = stored;
    return validateInput<SaleDto>(dtoOf(program), {
      ...stored,
      ...(at === undefined ? {} : { created_at: new Date(at) }),
    });
  } catch {
    return undefined;
  }
}

function dtoOf(program: SalesProgram): new () => SaleDto {
  return program === 'affiliate' ? CreateTransactionDto : CreateReferAFriendTransactionDto;
}
