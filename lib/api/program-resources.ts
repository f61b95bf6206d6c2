import type { ApiCaller } from './api.caller.js';
import type { ApiVariants } from './api.variants.js';
import { CustomersResource } from './customers/customers.resource.js';
import { ReferAFriendCustomersResource } from './customers/refer-a-friend-customers.resource.js';
import { LeadsResource } from './leads/leads.resource.js';
import { CustomerLinksResource, PartnerLinksResource } from './links/links.resource.js';
import { PartnersResource } from './partners/partners.resource.js';
import type { ByProgram, PartneroProgram } from './program/program-type.js';
import { ProgramResource } from './program/program.resource.js';
import { SubscribersResource } from './subscribers/subscribers.resource.js';
import {
  ReferAFriendTransactionsResource,
  TransactionsResource,
} from './transactions/transactions.resource.js';
import { WebhooksResource } from './webhooks/webhooks.resource.js';

/** What can be called in a program of a type; `never` for what that type doesn't have. */
export interface ProgramResources<T extends PartneroProgram> {
  readonly customers: ByProgram<T, CustomersResource, ReferAFriendCustomersResource, never>;
  readonly transactions: ByProgram<
    T,
    TransactionsResource,
    ReferAFriendTransactionsResource,
    never
  >;
  readonly partners: ByProgram<T, PartnersResource, never, never>;
  readonly links: ByProgram<T, PartnerLinksResource, CustomerLinksResource, never>;
  readonly leads: ByProgram<T, LeadsResource, never, never>;
  readonly subscribers: ByProgram<T, never, never, SubscribersResource>;
  readonly webhooks: WebhooksResource;
  readonly program: ProgramResource<T>;
}

/**
 * All resources of a program. Those that its type doesn't have, by what is publicly known, are there
 * too, but not for TypeScript: Partnero has the last word.
 */
export function resourcesOf<T extends PartneroProgram>(
  type: T,
  caller: ApiCaller,
  apiVariants: ApiVariants,
): ProgramResources<T> {
  const isReferAFriend = type === 'refer-a-friend';
  const resources = {
    customers: customersOf(type, caller),
    transactions: transactionsOf(type, caller, apiVariants),
    partners: new PartnersResource(caller),
    links: isReferAFriend
      ? new CustomerLinksResource(caller, apiVariants)
      : new PartnerLinksResource(caller, apiVariants),
    leads: new LeadsResource(caller),
    subscribers: new SubscribersResource(caller, apiVariants),
    webhooks: new WebhooksResource(caller),
    program: new ProgramResource<T>(caller),
  };
  return resources as ProgramResources<T>;
}

/** The customers of a program, whatever its type. */
export function customersOf(
  type: PartneroProgram,
  caller: ApiCaller,
): CustomersResource | ReferAFriendCustomersResource {
  return type === 'refer-a-friend'
    ? new ReferAFriendCustomersResource(caller)
    : new CustomersResource(caller);
}

/** The transactions of a program, whatever its type. */
export function transactionsOf(
  type: PartneroProgram,
  caller: ApiCaller,
  apiVariants: ApiVariants,
): TransactionsResource | ReferAFriendTransactionsResource {
  return type === 'refer-a-friend'
    ? new ReferAFriendTransactionsResource(caller, apiVariants)
    : new TransactionsResource(caller, apiVariants);
}
