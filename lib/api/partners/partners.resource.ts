import { ListedResource } from '../api.resource.js';
import type { CallOptions } from '../call-options.js';
import type { Listing } from '../listing.js';
import type { SortedListOptions } from '../page.js';
import { validateInput, withoutNulls } from '../validate-input.js';
import {
  CreatePartnerDto,
  PartnerReferenceDto,
  RewardPartnerDto,
  SignInUrlDto,
  UpdatePartnerDto,
} from './partner.dto.js';
import type { Partner, PartnerSignIn } from './partner.model.js';

/** Whom to search for. */
export interface SearchPartnersQuery {
  readonly email?: string | undefined;
  /** Part of it is enough. */
  readonly key?: string | undefined;
  /** Part of it is enough. */
  readonly id?: string | undefined;
  /** @experimental Known from a community client only. */
  readonly name?: string | undefined;
}

/**
 * Plain calls to `/partners`; affiliate programs. Only calls that are safe to repeat are retried. They
 * reject with a `PartneroError`: `not_found` if there is no such partner. An `id` is Partnero's own, not
 * the referral key: get it with `get({ key })`.
 */
export class PartnersResource extends ListedResource<Partner, SortedListOptions> {
  /**
   * `POST /partners`. [docs] CONFLICT, password: optional [docs] or required [old-docs]; where it is
   * missed, `validation` names it.
   * @throws PartneroError `validation`: a field is wrong, or the e-mail, id or key is taken
   */
  async create(input: CreatePartnerDto, options: CallOptions = {}): Promise<Partner> {
    const body = withoutNulls(validateInput(CreatePartnerDto, input));
    return this.write({ method: 'POST', path: ['partners'], body, exact: true }, options);
  }

  /**
   * `GET /partners/{id}`, with what they have brought and earned. [docs] By `key` or `email` it is
   * `GET /partner`. [n8n][php] CONFLICT, answer: an `id` and no `key` [docs], or the other way [old-docs].
   * @example
   * const { id } = await partnero.partners.get({ key: 'ann' })
   */
  async get(partner: string | PartnerReferenceDto, options: CallOptions = {}): Promise<Partner> {
    if (typeof partner === 'string') {
      return this.read({ path: ['partners', partner], exact: true }, options);
    }
    const { id, key, email } = validateInput(PartnerReferenceDto, partner);
    if (id) return this.get(id, options);
    const query = key ? { key } : { email };
    return this.read({ path: ['partner'], query, exact: true }, options);
  }

  /**
   * `PUT /partners/{id}`; what is absent stays as it is. CONFLICT, form of the body: wrapped in
   * `update` [docs]; if that is refused or ignored, flat [n8n][py].
   * @throws PartneroError `not_found`; `validation`: the new e-mail or key is taken
   */
  async update(id: string, changes: UpdatePartnerDto, options: CallOptions = {}): Promise<Partner> {
    const update = validateInput(UpdatePartnerDto, changes);
    return this.writeChanges({ path: ['partners', id], exact: true }, update, options);
  }

  /** `DELETE /partners/{id}`: for good. [docs][n8n][py][php] */
  delete(id: string, options: CallOptions = {}): Promise<void> {
    return this.remove(['partners', id], options);
  }

  /**
   * `POST /partners/{id}/archive`: they can't sign in to the portal any more. [docs][n8n]
   * @throws PartneroError `not_found`; `bad_request`: archived already
   */
  archive(id: string, options: CallOptions = {}): Promise<void> {
    return this.changeArchive(['partners', id, 'archive'], options);
  }

  /**
   * `POST /partners/{id}/revoke-archive`. [docs][n8n]
   * @throws PartneroError `not_found`; `bad_request`: not archived
   */
  restore(id: string, options: CallOptions = {}): Promise<void> {
    return this.changeArchive(['partners', id, 'revoke-archive'], options);
  }

  /** `GET /partners`. [docs][old-docs][php][n8n] */
  list(options: SortedListOptions = {}): Listing<Partner> {
    const query = { sort: options.sort };
    return this.listing({ path: ['partners'], query, exact: true }, options);
  }

  /** `GET /partners:search`. Empty if nobody is found. [old-docs][n8n][php][py] */
  search(
    { email, key, id, name }: SearchPartnersQuery,
    options: CallOptions = {},
  ): Promise<Partner[]> {
    const query = { email, key, id, name };
    return this.find({ path: ['partners:search'], query, exact: true }, options);
  }

  /**
   * `POST /partners/{id}/reward`: a bonus. [n8n] Carried out twice it pays twice, and Partnero offers
   * nothing against that: never repeated here.
   * @experimental Known from the vendor's own client only.
   * @throws PartneroError `not_found`, `validation`
   */
  async reward(id: string, input: RewardPartnerDto, options: CallOptions = {}): Promise<void> {
    const { amount, note, date } = validateInput(RewardPartnerDto, input);
    const body = { amount: Number(amount), note, date: date?.toISOString() };
    await this.carryOut({ method: 'POST', path: ['partners', id, 'reward'], body }, options);
  }

  /**
   * `POST /partners:sign-in-url`: an address that gets a partner into the portal, once. [n8n] Who has it
   * is in: show it to that partner only.
   * @experimental Known from the vendor's own client only.
   * @throws PartneroError `not_found`, `validation`
   */
  async signInUrl(input: SignInUrlDto, options: CallOptions = {}): Promise<PartnerSignIn> {
    const body = validateInput(SignInUrlDto, input);
    return this.read({ method: 'POST', path: ['partners:sign-in-url'], body }, options);
  }
}
