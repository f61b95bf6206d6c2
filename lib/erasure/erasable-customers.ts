import type { ApiCaller } from '../api/api.caller.js';
import { CustomersResource } from '../api/customers/customers.resource.js';
import { ReferAFriendCustomersResource } from '../api/customers/refer-a-friend-customers.resource.js';
import type { CustomerId } from '../common/customer-id.js';
import type { ErasureService, SubmittedErasure } from './erasure.service.js';

/** `partnero.customers` of an affiliate program: plain calls, and deletion that arrives. */
export class ErasableCustomers extends CustomersResource {
  readonly #erasures: ErasureService;

  constructor(caller: ApiCaller, erasures: ErasureService) {
    super(caller);
    this.#erasures = erasures;
  }

  /**
   * For deletion requests: deletes a customer at Partnero, then the customer's history in the outbox.
   * The customer's pending and dead jobs end as `discarded`, unsent. Resolves once the erasure is saved;
   * `onOutcome` reports its outcome.
   *
   * @param key your own id of the customer
   * @throws PartneroError `invalid_input`, `outbox_unavailable`
   */
  erase(key: CustomerId): Promise<SubmittedErasure> {
    return this.#erasures.erase(key);
  }
}

/** The same in a refer-a-friend program. */
export class ErasableReferAFriendCustomers extends ReferAFriendCustomersResource {
  readonly #erasures: ErasureService;

  constructor(caller: ApiCaller, erasures: ErasureService) {
    super(caller);
    this.#erasures = erasures;
  }

  /**
   * For deletion requests: see `erase()` of affiliate programs.
   * @param key your own id of the customer
   * @throws PartneroError `invalid_input`, `outbox_unavailable`
   */
  erase(key: CustomerId): Promise<SubmittedErasure> {
    return this.#erasures.erase(key);
  }
}
