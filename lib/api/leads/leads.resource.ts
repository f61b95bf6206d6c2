import { ListedResource } from '../api.resource.js';
import type { CallOptions } from '../call-options.js';
import { orElse } from '../either-form.js';
import type { Listing } from '../listing.js';
import type { SortedListOptions } from '../page.js';
import { validateInput } from '../validate-input.js';
import { ConvertLeadDto, CreateLeadDto } from './lead.dto.js';
import type { Lead, LeadSettings } from './lead.model.js';

/** Partnero's number of a lead. */
export type LeadId = number | string;

/**
 * Plain calls to `/leads`; affiliate programs. Only calls that are safe to repeat are retried. They
 * reject with a `PartneroError`: `not_found` if there is no such lead.
 */
export class LeadsResource extends ListedResource<Lead, SortedListOptions> {
  /**
   * `POST /leads`. [docs]
   * @throws PartneroError `validation`, `bad_request`
   */
  async create(input: CreateLeadDto, options: CallOptions = {}): Promise<Lead> {
    const body = validateInput(CreateLeadDto, input);
    return this.write({ method: 'POST', path: ['leads'], body }, options);
  }

  /** `GET /leads/{id}`. [n8n][docs] */
  get(id: LeadId, options: CallOptions = {}): Promise<Lead> {
    return this.read({ path: ['leads', String(id)] }, options);
  }

  /** `DELETE /leads/{id}`. [n8n][docs] */
  delete(id: LeadId, options: CallOptions = {}): Promise<void> {
    return this.remove(['leads', String(id)], options);
  }

  /**
   * `POST /leads/convert`: makes a customer of it, and a commission. [docs] Never repeated. CONFLICT,
   * method: `POST` [n8n]; where that isn't allowed, `GET` [old-docs].
   * @throws PartneroError `not_found`; `validation`, `bad_request`: it can't be converted
   */
  async convert(id: LeadId, input: ConvertLeadDto, options: CallOptions = {}): Promise<void> {
    const { commission_transaction_amount: amount } = validateInput(ConvertLeadDto, input);
    const fields = { id: Number(id), commission_transaction_amount: Number(amount) };
    await this.#decide('convert', fields, options);
  }

  /**
   * `POST /leads/reject`. [docs] CONFLICT, method: `POST` [n8n]; where that isn't allowed, `GET`
   * [old-docs].
   * @throws PartneroError `not_found`; `validation`, `bad_request`: it can't be rejected
   */
  async reject(id: LeadId, options: CallOptions = {}): Promise<void> {
    await this.#decide('reject', { id: Number(id) }, options);
  }

  /** `GET /leads`. [docs][n8n] */
  list(options: SortedListOptions = {}): Listing<Lead> {
    return this.listing({ path: ['leads'], query: { sort: options.sort } }, options);
  }

  /** `GET /leads/details`: how leads are set up, and which fields the program has of its own. [old-docs] */
  settings(options: CallOptions = {}): Promise<LeadSettings> {
    return this.read({ path: ['leads', 'details'], exact: true }, options);
  }

  #decide(action: string, fields: Record<string, number>, options: CallOptions): Promise<void> {
    const path = ['leads', action];
    return orElse(
      () => this.carryOut({ method: 'POST', path, body: fields }, options),
      () => this.carryOut({ path, query: fields, repeatable: false }, options),
    );
  }
}
