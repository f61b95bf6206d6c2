import type { AttributeOptions } from './attribution/attribute-options.js';
import type { CustomerInput } from './attribution/customer-input.js';
import { warnOfRefusedKey } from './attribution/read-referral.js';
import type { AcceptOutcome } from './attribution/attribution.outcome.js';
import type { Envelope } from './api/envelope.js';
import type { CallOptions } from './api/call-options.js';
import type { CustomersResource } from './api/customers/customers.resource.js';
import { ping, type ProgramInfo } from './api/program/ping.js';
import type { PartneroRequest } from './api/request.js';
import type { OutboxInspector } from './outbox.inspector.js';
import type { PartneroRuntime } from './partnero.runtime.js';
import type { Referral } from './referral/referral.js';

/** Partnero, for your own code: attribute by hand, ask what became of it, call the API. */
export class PartneroService {
  /** Plain calls to `/customers`. */
  readonly customers: CustomersResource;
  /** What became of the sign-ups. */
  readonly outbox: OutboxInspector;
  readonly #runtime: PartneroRuntime;

  constructor(runtime: PartneroRuntime) {
    this.#runtime = runtime;
    this.customers = runtime.customers;
    this.outbox = runtime.inspector;
  }

  /**
   * Who sent a visitor, read from a request or anything else that has headers, from headers alone,
   * from a token of `toToken()`, or from `{ key }`. `null` if nobody did. Never throws. The `resolve`
   * option isn't asked.
   *
   * @example
   * const referral = partnero.referralFrom(user.referralToken)
   */
  referralFrom(input: unknown): Referral | null {
    const { attribution } = this.#runtime;
    try {
      return attribution.reader.fromAny(input, warnOfRefusedKey(attribution, 'referralFrom()'));
    } catch {
      // A getter or a proxy of the caller's.
      return null;
    }
  }

  /**
   * Attributes a new customer outside a decorated route: in a queue worker, in the webhook of an auth
   * provider, behind a magic link. Resolves once the attribution is durable, or after
   * `acceptTimeoutMs`. Never rejects.
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
    const { attribution } = this.#runtime;
    const onRefused = warnOfRefusedKey(attribution, 'attribute()');
    const checked = attribution.reader.check(keyOf(referral), 'given', onRefused);
    const signUp = { referralKey: checked?.key ?? null, customer };
    if (transaction) return attribution.attributeIn(transaction, signUp);
    return attribution.attribute(signUp);
  }

  /**
   * Asks Partnero whether the API key works, and whose it is (`GET /test`).
   * @throws PartneroError
   */
  ping(options: CallOptions = {}): Promise<ProgramInfo> {
    return ping(this.#runtime.client, options);
  }

  /**
   * Any call that has no method of its own here. Sent once, with the API key, to `baseUrl` and nowhere
   * else; resolves with the whole answer of Partnero.
   *
   * @example
   * const { data } = await partnero.request<Partner[]>({ path: '/partners', query: { limit: 50 } })
   * @throws PartneroError
   */
  request<T = unknown>(request: PartneroRequest): Promise<Envelope<T>> {
    return this.#runtime.client.send<T>(request);
  }
}

function keyOf(referral: { readonly key: string | null } | null | undefined): string | null {
  try {
    return referral?.key ?? null;
  } catch {
    return null;
  }
}
