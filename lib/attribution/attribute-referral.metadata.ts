import type { ExecutionContext } from '@nestjs/common';
import type { CustomerInput } from './customer-input.js';

/** What a mapper says of a result that isn't a new customer. */
export type NoCustomer = null | undefined | false;

/**
 * Makes the new customer out of what the handler returned. `null`, `undefined` or `false`: not a new
 * customer, skip quietly.
 */
export type CustomerMapper<Result = unknown, Request = unknown> = (
  result: Result,
  request: Request,
) => CustomerInput | NoCustomer | Promise<CustomerInput | NoCustomer>;

/** Options of `@AttributeReferral()`. */
export interface AttributeReferralOptions {
  /** The program, if the app has several: the `name` given to `PartneroModule.forRoot()`. */
  readonly name?: string | undefined;
}

/** What `@AttributeReferral()` writes on a class or method. */
export interface AttributeReferralMetadata {
  readonly mapper: ((result: unknown, request: unknown) => unknown) | undefined;
  readonly program: string;
}

export const ATTRIBUTE_REFERRAL = 'nestjs-partnero:attribute-referral';

/** What stands on a handler, or else on its class. */
export function metadataOf(context: ExecutionContext): AttributeReferralMetadata | undefined {
  return (Reflect.getMetadata(ATTRIBUTE_REFERRAL, context.getHandler()) ??
    Reflect.getMetadata(ATTRIBUTE_REFERRAL, context.getClass())) as
    AttributeReferralMetadata | undefined;
}
