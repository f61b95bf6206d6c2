import type { ApiCaller } from '../api/api.caller.js';
import { resourcesOf, type ProgramResources } from '../api/program-resources.js';
import type { ByProgram, PartneroProgram } from '../api/program/program-type.js';
import { ErasableCustomers, ErasableReferAFriendCustomers } from '../erasure/erasable-customers.js';
import type { ErasureService } from '../erasure/erasure.service.js';
import type { ResolvedOptions } from '../partnero.options.js';
import {
  DurableReferAFriendTransactions,
  DurableTransactions,
} from '../transactions/durable-transactions.js';
import type { SalesService } from '../transactions/sales.service.js';
import type { WebhooksService } from '../webhooks/webhooks.service.js';

/** What `PartneroService` offers of a program of a type: its resources, and what is durable of them. */
export interface ProgramServices<T extends PartneroProgram> extends Omit<
  ProgramResources<T>,
  'customers' | 'transactions' | 'webhooks'
> {
  readonly customers: ByProgram<T, ErasableCustomers, ErasableReferAFriendCustomers, never>;
  readonly transactions: ByProgram<T, DurableTransactions, DurableReferAFriendTransactions, never>;
  readonly webhooks: WebhooksService;
}

export function servicesOf<T extends PartneroProgram>(
  { apiProgram, apiVariants }: ResolvedOptions,
  calls: ApiCaller,
  sales: SalesService,
  erasures: ErasureService,
  webhooks: WebhooksService,
): ProgramServices<T> {
  const isReferAFriend = apiProgram === 'refer-a-friend';
  const services = {
    ...resourcesOf(apiProgram, calls, apiVariants),
    customers: isReferAFriend
      ? new ErasableReferAFriendCustomers(calls, erasures)
      : new ErasableCustomers(calls, erasures),
    transactions: isReferAFriend
      ? new DurableReferAFriendTransactions(calls, apiVariants, sales)
      : new DurableTransactions(calls, apiVariants, sales),
    webhooks,
  };
  return services as ProgramServices<T>;
}
