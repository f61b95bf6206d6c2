import type { CallOptions } from '../call-options.js';
import type { CreateCustomerDto, CreateReferredCustomerDto } from './customer.dto.js';
import type { Customer, ReferAFriendCustomer } from './customer.model.js';

/** A customer of either type of program. */
export type AnyCustomer = Customer & ReferAFriendCustomer;

/** `/customers` of either type of program. */
export interface AnyCustomers {
  create(
    input: CreateCustomerDto | CreateReferredCustomerDto,
    options: CallOptions,
  ): Promise<unknown>;
  get(key: string, options: CallOptions): Promise<AnyCustomer>;
  search(query: { readonly email: string }, options: CallOptions): Promise<unknown[]>;
  delete(key: string, options: CallOptions): Promise<void>;
}

/** Your own id of a customer. What `get` finds by e-mail, or by another id, is somebody else. */
export function ownKeyOf(
  customer: AnyCustomer,
  program: 'affiliate' | 'refer-a-friend',
): string | undefined {
  return program === 'affiliate' ? customer.key : customer.id;
}
