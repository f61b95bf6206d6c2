import type { ApiCaller } from '../api/api.caller.js';
import { LeadsResource } from '../api/leads/leads.resource.js';
import { CustomerLinksResource, PartnerLinksResource } from '../api/links/links.resource.js';
import { PartnersResource } from '../api/partners/partners.resource.js';
import type { ByProgram, PartneroProgram } from '../api/program/program-type.js';
import { ProgramResource } from '../api/program/program.resource.js';
import { SubscribersResource } from '../api/subscribers/subscribers.resource.js';
import { ErasableCustomers, ErasableReferAFriendCustomers } from '../erasure/erasable-customers.js';
import type { ErasureService } from '../erasure/erasure.service.js';
import type { ResolvedOptions } from '../partnero.options.js';
import {
  DurableReferAFriendTransactions,
  DurableTransactions,
} from '../transactions/durable-transactions.js';
import type { SalesService } from '../transactions/sales.service.js';
import type { WebhooksService } from '../webhooks/webhooks.service.js';

/** What `PartneroService` offers of a program of a type; `never` for what that type doesn't have. */
export interface ProgramServices<T extends PartneroProgram> {
  readonly customers: ByProgram<T, ErasableCustomers, ErasableReferAFriendCustomers, never>;
  readonly transactions: ByProgram<T, DurableTransactions, DurableReferAFriendTransactions, never>;
  /** Affiliate programs. */
  readonly partners: ByProgram<T, PartnersResource, never, never>;
  /** Referral links: of partners, in a refer-a-friend program of customers. */
  readonly links: ByProgram<T, PartnerLinksResource, CustomerLinksResource, never>;
  /** Affiliate programs. */
  readonly leads: ByProgram<T, LeadsResource, never, never>;
  /** Newsletter programs. */
  readonly subscribers: ByProgram<T, never, never, SubscribersResource>;
  /** Webhooks, and their events for your handlers. */
  readonly webhooks: WebhooksService;
  readonly program: ProgramResource<T>;
}

/**
 * All that a program offers. What its type doesn't have, by what is publicly known, is there too, but not
 * for TypeScript: Partnero has the last word.
 */
export function servicesOf<T extends PartneroProgram>(
  { apiProgram, apiVariants }: ResolvedOptions,
  calls: ApiCaller,
  sales: SalesService,
  erasures: ErasureService,
  webhooks: WebhooksService,
): ProgramServices<T> {
  const ofType =
    apiProgram === 'refer-a-friend'
      ? {
          customers: new ErasableReferAFriendCustomers(calls, erasures),
          transactions: new DurableReferAFriendTransactions(calls, apiVariants, sales),
          links: new CustomerLinksResource(calls, apiVariants),
        }
      : {
          customers: new ErasableCustomers(calls, erasures),
          transactions: new DurableTransactions(calls, apiVariants, sales),
          links: new PartnerLinksResource(calls, apiVariants),
        };
  const services = {
    ...ofType,
    partners: new PartnersResource(calls),
    leads: new LeadsResource(calls),
    subscribers: new SubscribersResource(calls, apiVariants),
    webhooks,
    program: new ProgramResource<T>(calls),
  };
  return services as ProgramServices<T>;
}
