import type { ApiCaller } from '../api.caller.js';
import type { ApiVariants } from '../api.variants.js';
import type { CallOptions } from '../call-options.js';
import type { Listing } from '../listing.js';
import type { ListOptions } from '../page.js';
import { validateInput } from '../validate-input.js';
import { CreatePartnerLinkDto } from './create-partner-link.dto.js';
import { LinksBaseResource } from './links-base.resource.js';
import type { LinkDomain, ReferralLink } from './referral-link.model.js';

/** Which link of a partner to search for. */
export interface SearchPartnerLinksQuery {
  readonly id?: string | undefined;
  readonly key?: string | undefined;
}

/** Plain calls to the referral links of partners; affiliate programs. */
export class PartnerLinksResource extends LinksBaseResource {
  constructor(caller: ApiCaller, apiVariants: ApiVariants) {
    super(caller, apiVariants, 'partner_referral_links');
  }

  /** `GET /partners/{id}/referral_links`: all links of a partner. [docs][old-docs][n8n] */
  ofPartner(id: string, options: ListOptions = {}): Listing<ReferralLink> {
    return this.listing({ path: ['partners', id, 'referral_links'] }, options);
  }

  /** `GET /partner_referral_links:domains`: where links may be. [old-docs] */
  domains(options: ListOptions = {}): Listing<LinkDomain> {
    return this.listing({ path: ['partner_referral_links:domains'] }, options);
  }

  /**
   * `POST /partner_referral_links`. [old-docs][php] CONFLICT, spelling of the fields: `snake_case`
   * [old-docs] or `camelCase` [php]; see the option `apiVariants.linkFields`.
   * @throws PartneroError `validation`: the key is taken
   */
  async create(input: CreatePartnerLinkDto, options: CallOptions = {}): Promise<ReferralLink> {
    return this.post(validateInput(CreatePartnerLinkDto, input), options);
  }

  /** `GET /partner_referral_links:search`. Empty if there is none. [php] */
  search({ id, key }: SearchPartnerLinksQuery, options: CallOptions = {}): Promise<ReferralLink[]> {
    return this.searchFor({ id, key }, options);
  }
}
