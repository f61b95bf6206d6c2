import type { CallOptions } from '../api/call-options.js';
import type { CreateCustomerInput } from '../api/customers/customer.dto.js';
import type { Customer, ReferAFriendCustomer } from '../api/customers/customer.model.js';
import type { ProgramType } from '../referral/referral.options.js';

/** A customer of either type of program. */
export type AnsweredCustomer = Customer & ReferAFriendCustomer;

/** What attribution asks of `/customers`, in either type of program. */
export interface AttributedCustomers {
  create(input: CreateCustomerInput<ProgramType>, options: CallOptions): Promise<unknown>;
  get(key: string, options: CallOptions): Promise<AnsweredCustomer>;
  search(query: { readonly email: string }, options: CallOptions): Promise<unknown[]>;
}
