import type { CustomersResource } from '../api/customers/customers.resource.js';
import type { ReferAFriendCustomersResource } from '../api/customers/refer-a-friend-customers.resource.js';
import type { CustomerId } from '../common/customer-id.js';
import type { ErasureService, SubmittedErasure } from './erasure.service.js';

interface Erasable {
  /**
   * For deletion requests: deletes a customer at Partnero, then the customer's history in the outbox.
   * The customer's pending and dead jobs end as `discarded`, unsent. Resolves once the erasure is saved;
   * `onOutcome` reports its outcome.
   *
   * @param key your own id of the customer
   * @throws PartneroError `invalid_input`, `outbox_unavailable`
   */
  erase(key: CustomerId): Promise<SubmittedErasure>;
}

/** `partnero.customers` of an affiliate program: plain calls, and deletion that arrives. */
export interface ErasableCustomers extends CustomersResource, Erasable {}

/** The same in a refer-a-friend program. */
export interface ErasableReferAFriendCustomers extends ReferAFriendCustomersResource, Erasable {}

export function withErasure<T extends object>(customers: T, erasures: ErasureService) {
  return Object.assign<T, Erasable>(customers, { erase: (key) => erasures.erase(key) });
}
