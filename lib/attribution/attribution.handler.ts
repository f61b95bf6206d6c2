import { ownKeyOf, type AnyCustomer, type AnyCustomers } from '../api/customers/any-customers.js';
import type { CreateCustomerInput } from '../api/customers/customer.dto.js';
import type { PartneroApiClient } from '../api/partnero-api.client.js';
import { PartneroError } from '../api/partnero.error.js';
import { PartnersResource } from '../api/partners/partners.resource.js';
import { ping } from '../api/program/ping.js';
import type { CompletedResult, DeliveryResult } from '../outbox/delivery-result.js';
import type { Job } from '../outbox/job.js';
import type { JobFacts, JobHandler } from '../outbox/job-handler.js';
import {
  completedWith,
  failureResult,
  isRefusal,
  reasonOf,
  type Completed,
} from '../program/delivery-results.js';
import type { ProgramType } from '../referral/referral.options.js';
import { DROPPED_EMAIL, type AttributionOutcome } from './attribution.outcome.js';
import { readPayload } from './attribution.payload.js';
import { affiliateRules, referAFriendRules, type ProgramRules } from './program-rules.js';

export const ATTRIBUTION = 'attribution';

const completed: Completed<AttributionOutcome> = completedWith;

/** What one delivery knows and collects on its way to a result. */
interface Attempt {
  readonly key: string;
  readonly signal: AbortSignal;
  referralKey: string | null;
  fields: Readonly<Record<string, unknown>>;
  requests: number;
  droppedEmail: boolean;
  refusedReferrer: boolean;
  /** The host has shown that it is Partnero's API. */
  isPartnero: boolean;
}

/** Sends one new customer to Partnero, and interprets the response. */
export class AttributionHandler implements JobHandler {
  readonly name = ATTRIBUTION;
  private readonly rules: ProgramRules;
  private readonly partners: PartnersResource;

  constructor(
    private readonly customers: AnyCustomers,
    private readonly client: PartneroApiClient,
    private readonly program: ProgramType,
  ) {
    this.partners = new PartnersResource(client);
    this.rules = program === 'affiliate' ? affiliateRules : referAFriendRules;
  }

  async deliver(job: Job, signal: AbortSignal): Promise<DeliveryResult> {
    const payload = readPayload(job.payload);
    if (!payload) return completed('invalid', { requests: 0 }, 'unreadable_payload');
    const attempt: Attempt = {
      key: job.orderingKey,
      signal,
      referralKey: job.referralKey,
      fields: payload.fields,
      requests: 0,
      droppedEmail: false,
      refusedReferrer: false,
      isPartnero: false,
    };
    try {
      return await this.create(attempt);
    } catch (error) {
      return failureResult(error);
    }
  }

  facts({ payload }: Job, result: CompletedResult | undefined): JobFacts {
    const samePartner = result?.detail?.['samePartner'] as JobFacts['samePartner'];
    return { route: readPayload(payload)?.route, samePartner };
  }

  private async create(attempt: Attempt): Promise<DeliveryResult> {
    const { key, fields, referralKey, signal } = attempt;
    const body: CreateCustomerInput<ProgramType> = this.rules.body(key, fields, referralKey);
    try {
      attempt.requests += 1;
      await this.customers.create(body, { signal });
      return this.created(attempt);
    } catch (error) {
      if (!(error instanceof PartneroError)) throw error;
      return this.refused(attempt, error);
    }
  }

  private created(attempt: Attempt): CompletedResult {
    const outcome = attempt.referralKey === null ? 'registered' : 'attributed';
    if (attempt.refusedReferrer) return completed(outcome, attempt, 'unknown_referrer');
    return completed(outcome, attempt, attempt.droppedEmail ? DROPPED_EMAIL : undefined);
  }

  private async refused(attempt: Attempt, error: PartneroError): Promise<DeliveryResult> {
    switch (error.kind) {
      case 'invalid_input':
        return this.invalid(attempt, error);
      case 'bad_request':
        return this.badRequest(attempt, error);
      case 'not_found':
        return this.notFound(attempt, error);
      case 'conflict':
      case 'validation':
        return this.lookUp(attempt, error);
      default:
        throw error;
    }
  }

  /** A missing e-mail costs less than a missing customer. */
  private async invalid(attempt: Attempt, error: PartneroError): Promise<DeliveryResult> {
    attempt.requests -= 1;
    const fields = Object.keys(error.fieldErrors);
    if (!isOnly('email', fields)) return completed('invalid', attempt, fields.join(','));
    return this.dropEmail(attempt);
  }

  private dropEmail(attempt: Attempt): Promise<DeliveryResult> {
    const { email: _, ...rest } = attempt.fields;
    attempt.fields = rest;
    attempt.droppedEmail = true;
    return this.create(attempt);
  }

  /** Documented as "unknown partner key". */
  private async badRequest(attempt: Attempt, error: PartneroError): Promise<DeliveryResult> {
    const fields = Object.keys(error.fieldErrors);
    const elsewhere = fields.length > 0 && !fields.some((field) => this.isAboutReferrer(field));
    if (isOnly('email', fields)) return this.withoutEmail(attempt, error);
    if (elsewhere) return completed('rejected', attempt, reasonOf(error));
    return this.withoutReferrer(attempt, error);
  }

  /**
   * Not documented for this call. A wrong `baseUrl` answers like this too, and must reject nobody: it
   * counts only if it is repeated by a host that knows `GET /test`.
   */
  private async notFound(attempt: Attempt, error: PartneroError): Promise<DeliveryResult> {
    if (attempt.isPartnero) return this.badRequest(attempt, error);
    attempt.requests += 1;
    await ping(this.client, { signal: attempt.signal });
    attempt.isPartnero = true;
    return this.create(attempt);
  }

  private async withoutReferrer(attempt: Attempt, error: PartneroError): Promise<DeliveryResult> {
    if (!this.rules.createsWithoutReferrer) {
      return completed('unknown_partner', attempt, reasonOf(error));
    }
    if (attempt.referralKey === null) return completed('rejected', attempt, reasonOf(error));
    attempt.referralKey = null;
    attempt.refusedReferrer = true;
    return this.create(attempt);
  }

  /** The words of a 422 aren't published: whether the customer is there tells what it meant. */
  private async lookUp(attempt: Attempt, error: PartneroError): Promise<DeliveryResult> {
    const { key, signal } = attempt;
    try {
      attempt.requests += 1;
      const customer = await this.customers.get(key, { signal });
      return await this.found(attempt, customer, error);
    } catch (lookUpError) {
      if (!(lookUpError instanceof PartneroError)) throw lookUpError;
      // A key that no path can hold (`..`) can't be looked up, ever.
      if (!['not_found', 'invalid_input'].includes(lookUpError.kind)) throw lookUpError;
    }
    const fields = Object.keys(error.fieldErrors);
    const aboutReferrer = fields.length > 0 && fields.every((field) => this.isAboutReferrer(field));
    if (aboutReferrer) return this.withoutReferrer(attempt, error);
    if (isOnly('email', fields)) return this.withoutEmail(attempt, error);
    return completed('rejected', attempt, reasonOf(error));
  }

  /** Partnero refuses the e-mail: because it isn't one, or because it is another customer's. */
  private async withoutEmail(attempt: Attempt, error: PartneroError): Promise<DeliveryResult> {
    const { fields, signal } = attempt;
    const { email } = fields;
    if (typeof email !== 'string') return completed('rejected', attempt, reasonOf(error));
    attempt.requests += 1;
    if (await this.hasCustomer(email, signal)) {
      return completed('rejected', attempt, `${reasonOf(error)} other_customer`);
    }
    return this.dropEmail(attempt);
  }

  private async hasCustomer(email: string, signal: AbortSignal): Promise<boolean> {
    try {
      return (await this.customers.search({ email }, { signal })).length > 0;
    } catch (error) {
      // It won't search for what isn't an e-mail.
      if (isRefusal(error)) return false;
      throw error;
    }
  }

  private async found(
    attempt: Attempt,
    customer: AnyCustomer,
    error: PartneroError,
  ): Promise<DeliveryResult> {
    // A hit by id or e-mail is somebody else.
    if (ownKeyOf(customer, this.program) !== attempt.key) {
      return completed('rejected', attempt, `${reasonOf(error)} other_customer`);
    }
    if (customer.deleted === true || customer.deleted_at || customer.status === 'deleted') {
      return completed('rejected', attempt, `${reasonOf(error)} customer_deleted`);
    }
    const samePartner = await this.isSamePartner(attempt, customer);
    const partner = typeof customer.partner === 'string' ? customer.partner : undefined;
    return {
      ...completed('already_registered', attempt, reasonOf(error)),
      detail: { samePartner, ...(partner === undefined ? {} : { partner }) },
    };
  }

  /** Answers name the partner by id, or perhaps by key: we look the key up to find out. */
  private async isSamePartner(
    attempt: Attempt,
    customer: AnyCustomer,
  ): Promise<boolean | 'unknown'> {
    const { referralKey, signal } = attempt;
    const { partner, referring_customer: referrer } = customer;
    if (referrer) {
      if (referrer.key === referralKey || referrer.id === referralKey) return true;
      return referrer.key === undefined ? 'unknown' : false;
    }
    if (!partner || referralKey === null) return 'unknown';
    if (partner === referralKey) return true;
    try {
      attempt.requests += 1;
      const { id } = await this.partners.get({ key: referralKey }, { signal });
      // Of another type than documented, it can't be compared.
      return typeof id === 'string' ? id === partner : 'unknown';
    } catch {
      return 'unknown';
    }
  }

  private isAboutReferrer(field: string): boolean {
    return this.rules.isAboutReferrer(field);
  }
}

function isOnly(name: string, fields: readonly string[]): boolean {
  return fields.length === 1 && fields[0] === name;
}
