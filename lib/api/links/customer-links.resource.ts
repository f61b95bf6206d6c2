import type { ApiCaller } from '../api.caller.js';
import type { ApiVariants } from '../api.variants.js';
import type { CallOptions } from '../call-options.js';
import type { Listing } from '../listing.js';
import type { ListOptions } from '../page.js';
import { validateInput } from '../validate-input.js';
import { CreateCustomerLinkDto } from './create-customer-link.dto.js';
import { LinksBaseResource } from './links-base.resource.js';
import type { ReferralLink } from './referral-link.model.js';

/** Which link of a customer to search for. */
export interface SearchCustomerLinksQuery {
  readonly id?: string | undefined;
  readonly key?: string | undefined;
  readonly customer?: { readonly id?: string | undefined } | undefined;
}

/** Plain calls to the referral links of customers; refer-a-friend programs. */
export class CustomerLinksResource extends LinksBaseResource {
  constructor(caller: ApiCaller, apiVariants: ApiVariants) {
    super(caller, apiVariants, 'customer_referral_links');
  }

  /** `GET /customers/{id}/referral_links`: all links of a customer. [docs][old-docs][php] */
  ofCustomer(id: string, options: ListOptions = {}): Listing<ReferralLink> {
    return this.listing({ path: ['customers', id, 'referral_links'] }, options);
  }

  /**
   * `POST /customer_referral_links`. [old-docs][php] CONFLICT, spelling of the fields: `snake_case`
   * [old-docs] or `camelCase` [php]; see the option `apiVariants.linkFields`.
   * @throws PartneroError `validation`: the key is taken
   */
  async create(input: CreateCustomerLinkDto, options: CallOptions = {}): Promise<ReferralLink> {
    return this.post(validateInput(CreateCustomerLinkDto, input), options);
  }

  /** `GET /customer_referral_links:search`. Empty if there is none. [php] */
  search(
    { id, key, customer }: SearchCustomerLinksQuery,
    options: CallOptions = {},
  ): Promise<ReferralLink[]> {
    return this.searchFor({ id, key, 'customer[id]': customer?.id }, options);
  }
}
