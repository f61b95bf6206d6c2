import type { ApiCaller } from '../api.caller.js';
import { ApiResource } from '../api.resource.js';
import type { ApiVariants } from '../api.variants.js';
import type { CallOptions } from '../call-options.js';
import { updateInEitherForm } from '../either-form.js';
import type { Listing } from '../listing.js';
import type { ListOptions } from '../page.js';
import { fieldsOf, validateInput, withoutNulls } from '../validate-input.js';
import { CreateCustomerLinkDto, CreatePartnerLinkDto, UpdateLinkDto } from './link.dto.js';
import type { LinkDomain, ReferralLink } from './link.model.js';

/** Which link of a partner to search for. */
export interface SearchPartnerLinksQuery {
  readonly id?: string | undefined;
  readonly key?: string | undefined;
}

/** Which link of a customer to search for. */
export interface SearchCustomerLinksQuery {
  readonly id?: string | undefined;
  readonly key?: string | undefined;
  readonly customer?: { readonly id?: string | undefined } | undefined;
}

/** What links of partners and of customers have in common. */
abstract class LinksBaseResource<TCreate extends object> extends ApiResource {
  readonly #linkFields: ApiVariants['linkFields'];
  readonly #collection: string;
  readonly #createDto: new () => TCreate;

  constructor(
    caller: ApiCaller,
    { linkFields }: ApiVariants,
    collection: string,
    createDto: new () => TCreate,
  ) {
    super(caller);
    this.#linkFields = linkFields;
    this.#collection = collection;
    this.#createDto = createDto;
  }

  /**
   * `POST /partner_referral_links`, or `/customer_referral_links`. [old-docs][php] CONFLICT, spelling of
   * the fields: `snake_case` [old-docs] or `camelCase` [php]; see the option `apiVariants.linkFields`.
   * @throws PartneroError `validation`: the key is taken
   */
  async create(input: TCreate, options: CallOptions = {}): Promise<ReferralLink> {
    const body = this.spelt(withoutNulls(validateInput(this.#createDto, input)));
    return this.write({ method: 'POST', path: [this.#collection], body }, options);
  }

  /** `GET /partner_referral_links/{id}`, or `/customer_referral_links/{id}`. [php][old-docs] */
  get(id: string, options: CallOptions = {}): Promise<ReferralLink> {
    return this.read({ path: [this.#collection, id] }, options);
  }

  /**
   * `PUT /partner_referral_links/{id}`, or `/customer_referral_links/{id}`. [php] Flat; if that is
   * refused or ignored, wrapped in `update` as elsewhere.
   * @experimental Known from the vendor's PHP SDK only.
   * @throws PartneroError `not_found`; `validation`: the new key is taken
   */
  async update(
    id: string,
    changes: UpdateLinkDto,
    options: CallOptions = {},
  ): Promise<ReferralLink> {
    const update = fieldsOf(validateInput(UpdateLinkDto, changes));
    const sent = this.spelt(update);
    const request = { method: 'PUT', path: [this.#collection, id] } as const;
    return updateInEitherForm<ReferralLink>(
      update,
      () => this.write({ ...request, body: sent }, options),
      () => this.write({ ...request, body: { update: sent } }, options),
    );
  }

  /**
   * `DELETE /partner_referral_links/{id}`, or `/customer_referral_links/{id}`. [php]
   * @experimental Known from the vendor's PHP SDK only.
   */
  delete(id: string, options: CallOptions = {}): Promise<void> {
    return this.remove([this.#collection, id], options);
  }

  protected searchFor(
    query: Readonly<Record<string, string | undefined>>,
    options: CallOptions,
  ): Promise<ReferralLink[]> {
    return this.find({ path: [`${this.#collection}:search`], query }, options);
  }

  private spelt(fields: object): object {
    if (this.#linkFields === 'snake_case') return fields;
    return Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [
        name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
        value as unknown,
      ]),
    );
  }
}

/** Plain calls to the referral links of partners; affiliate programs. */
export class PartnerLinksResource extends LinksBaseResource<CreatePartnerLinkDto> {
  constructor(caller: ApiCaller, apiVariants: ApiVariants) {
    super(caller, apiVariants, 'partner_referral_links', CreatePartnerLinkDto);
  }

  /** `GET /partners/{id}/referral_links`: all links of a partner. [docs][old-docs][n8n] */
  ofPartner(id: string, options: ListOptions = {}): Listing<ReferralLink> {
    return this.listing({ path: ['partners', id, 'referral_links'] }, options);
  }

  /** `GET /partner_referral_links:domains`: where links may be. [old-docs] */
  domains(options: ListOptions = {}): Listing<LinkDomain> {
    return this.listing({ path: ['partner_referral_links:domains'] }, options);
  }

  /** `GET /partner_referral_links:search`. Empty if there is none. [php] */
  search({ id, key }: SearchPartnerLinksQuery, options: CallOptions = {}): Promise<ReferralLink[]> {
    return this.searchFor({ id, key }, options);
  }
}

/** Plain calls to the referral links of customers; refer-a-friend programs. */
export class CustomerLinksResource extends LinksBaseResource<CreateCustomerLinkDto> {
  constructor(caller: ApiCaller, apiVariants: ApiVariants) {
    super(caller, apiVariants, 'customer_referral_links', CreateCustomerLinkDto);
  }

  /** `GET /customers/{id}/referral_links`: all links of a customer. [docs][old-docs][php] */
  ofCustomer(id: string, options: ListOptions = {}): Listing<ReferralLink> {
    return this.listing({ path: ['customers', id, 'referral_links'] }, options);
  }

  /** `GET /customer_referral_links:search`. Empty if there is none. [php] */
  search(
    { id, key, customer }: SearchCustomerLinksQuery,
    options: CallOptions = {},
  ): Promise<ReferralLink[]> {
    return this.searchFor({ id, key, 'customer[id]': customer?.id }, options);
  }
}
