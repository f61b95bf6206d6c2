import type { ApiCaller } from './api/api.caller.js';
import type { CallOptions } from './api/call-options.js';
import { CustomersResource } from './api/customers/customers.resource.js';
import { ReferAFriendCustomersResource } from './api/customers/refer-a-friend-customers.resource.js';
import type { Envelope } from './api/envelope.js';
import { LeadsResource } from './api/leads/leads.resource.js';
import { CustomerLinksResource, PartnerLinksResource } from './api/links/links.resource.js';
import { PartnersResource } from './api/partners/partners.resource.js';
import { ping, type ProgramInfo } from './api/program/ping.js';
import type { ByProgram, PartneroProgram } from './api/program/program-type.js';
import { ProgramResource } from './api/program/program.resource.js';
import type { PartneroRequest } from './api/request.js';
import { SubscribersResource } from './api/subscribers/subscribers.resource.js';
import {
  ReferAFriendTransactionsResource,
  TransactionsResource,
} from './api/transactions/transactions.resource.js';
import type { AttributeOptions } from './attribution/attribute-options.js';
import type { AcceptOutcome } from './attribution/attribution.outcome.js';
import type { AttributionService } from './attribution/attribution.service.js';
import type { CustomerInput } from './attribution/customer-input.js';
import { warnOfRefusedKey } from './attribution/read-referral.js';
import {
  withErasure,
  type ErasableCustomers,
  type ErasableReferAFriendCustomers,
} from './erasure/erasable-customers.js';
import type { ErasureService } from './erasure/erasure.service.js';
import type { ResolvedOptions } from './partnero.options.js';
import type { OutboxInspector } from './program/outbox.inspector.js';
import type { Referral } from './referral/referral.js';
import {
  withSales,
  type DurableReferAFriendTransactions,
  type DurableTransactions,
} from './transactions/durable-transactions.js';
import type { SalesService } from './transactions/sales.service.js';
import type { WebhooksService } from './webhooks/webhooks.service.js';

/**
 * Partnero, for your own code: attribute by hand, look up outcomes, call the API. If the program isn't an
 * affiliate program, pass its type: the service then offers what that type of program has.
 *
 * @example
 * constructor(private readonly partnero: PartneroService) {}
 * constructor(private readonly partnero: PartneroService<'refer-a-friend'>) {}
 */
export class PartneroService<T extends PartneroProgram = 'affiliate'> {
  readonly customers!: ByProgram<T, ErasableCustomers, ErasableReferAFriendCustomers, never>;
  readonly transactions!: ByProgram<T, DurableTransactions, DurableReferAFriendTransactions, never>;
  /** Affiliate programs. */
  readonly partners!: ByProgram<T, PartnersResource, never, never>;
  /** Referral links: of partners, in a refer-a-friend program of customers. */
  readonly links!: ByProgram<T, PartnerLinksResource, CustomerLinksResource, never>;
  /** Affiliate programs. */
  readonly leads!: ByProgram<T, LeadsResource, never, never>;
  /** Newsletter programs. */
  readonly subscribers!: ByProgram<T, never, never, SubscribersResource>;
  readonly program: ProgramResource<T>;
  /** The outcomes of sign-ups, sales and refunds, and counts of them. */
  readonly outbox: OutboxInspector;
  /** Webhooks, and their events for your handlers. */
  readonly webhooks: WebhooksService;
  readonly #calls: ApiCaller;
  readonly #attribution: AttributionService;

  constructor(
    options: ResolvedOptions,
    calls: ApiCaller,
    attribution: AttributionService,
    outbox: OutboxInspector,
    sales: SalesService,
    erasures: ErasureService,
    webhooks: WebhooksService,
  ) {
    this.#calls = calls;
    this.#attribution = attribution;
    this.outbox = outbox;
    this.webhooks = webhooks;
    this.program = new ProgramResource<T>(calls);
    Object.assign(this, resourcesOf(options, calls, sales, erasures));
  }

  /**
   * The referral of a visitor, read from a request or anything else that has `headers`, from headers
   * alone, from a token of `toToken()`, or from `{ key }`. `null` if nobody referred the visitor. Never
   * throws. Doesn't call the `resolve` option.
   *
   * @example
   * const referral = partnero.referralFrom(user.referralToken)
   */
  referralFrom(input: unknown): Referral | null {
    const attribution = this.#attribution;
    try {
      return attribution.reader.fromAny(input, warnOfRefusedKey(attribution, 'referralFrom()'));
    } catch {
      // A getter or a proxy of the caller's.
      return null;
    }
  }

  /**
   * Attributes a new customer outside a decorated route: in a queue worker, in the webhook of an auth
   * provider, after a magic link. Resolves once the attribution is saved, or after `acceptTimeoutMs`.
   * Never rejects: the result says whether it was queued, and if not, why.
   *
   * @example
   * await partnero.attribute(partnero.referralFrom({ headers }), { id: user.id, email: user.email })
   * @example
   * await dataSource.transaction(async (transaction) => {
   *   const user = await transaction.save(User, dto)
   *   await partnero.attribute(referral, user, { transaction })
   * })
   */
  async attribute(
    referral: { readonly key: string | null } | null | undefined,
    customer: CustomerInput,
    { transaction }: AttributeOptions = {},
  ): Promise<AcceptOutcome> {
    const attribution = this.#attribution;
    const onRefused = warnOfRefusedKey(attribution, 'attribute()');
    const checked = attribution.reader.check(keyOf(referral), 'given', onRefused);
    const signUp = { referralKey: checked?.key ?? null, customer };
    if (transaction) return attribution.attributeIn(transaction, signUp);
    return attribution.attribute(signUp);
  }

  /**
   * Checks whether the API key works, and which program it belongs to (`GET /test`).
   * @throws PartneroError
   */
  ping(options: CallOptions = {}): Promise<ProgramInfo> {
    return ping(this.#calls, options);
  }

  /**
   * Calls an endpoint that has no method of its own. The request goes to `baseUrl` with the API key. It is
   * sent once, unless you set `retries`. Resolves with Partnero's whole response.
   *
   * @example
   * const { data } = await partnero.request<Coupon[]>({ path: '/coupons', query: { limit: 50 } })
   * @throws PartneroError
   */
  request<TData = unknown>(request: PartneroRequest): Promise<Envelope<TData>> {
    const { method, path, query, body, signal, timeoutMs, retries = 0 } = request;
    const call = { method, path, query, body, signal, timeoutMs, retries };
    return this.#calls.send<TData>(call);
  }
}

/**
 * All resources, for a program of any type. What its type doesn't have, by what is publicly known, is there
 * too, but not for TypeScript: Partnero has the last word.
 */
function resourcesOf(
  { apiProgram, apiVariants }: ResolvedOptions,
  calls: ApiCaller,
  sales: SalesService,
  erasures: ErasureService,
) {
  const isReferAFriend = apiProgram === 'refer-a-friend';
  const [Customers, Transactions, Links] = isReferAFriend
    ? [ReferAFriendCustomersResource, ReferAFriendTransactionsResource, CustomerLinksResource]
    : [CustomersResource, TransactionsResource, PartnerLinksResource];
  return {
    customers: withErasure(new Customers(calls), erasures),
    transactions: withSales(new Transactions(calls, apiVariants), sales),
    links: new Links(calls, apiVariants),
    partners: new PartnersResource(calls),
    leads: new LeadsResource(calls),
    subscribers: new SubscribersResource(calls, apiVariants),
  };
}

function keyOf(referral: { readonly key: string | null } | null | undefined): string | null {
  try {
    return referral?.key ?? null;
  } catch {
    return null;
  }
}
