import type { ApiCaller } from '../api.caller.js';
import type { ApiVariants } from '../api.variants.js';
import { ApiResource } from '../api.resource.js';
import type { CallOptions } from '../call-options.js';
import { fieldsOf } from '../fields-of.js';
import { updateInEitherForm } from '../update-in-either-form.js';
import { validateInput } from '../validate-input.js';
import { withoutNulls } from '../without-nulls.js';
import type { ReferralLink } from './referral-link.model.js';
import { UpdateLinkDto } from './update-link.dto.js';

/** What links of partners and of customers have in common. */
export abstract class LinksBaseResource extends ApiResource {
  readonly #collection: string;
  readonly #apiVariants: ApiVariants;

  constructor(caller: ApiCaller, apiVariants: ApiVariants, collection: string) {
    super(caller);
    this.#collection = collection;
    this.#apiVariants = apiVariants;
  }

  /**
   * `GET /partner_referral_links/{id}`, or `/customer_referral_links/{id}`. [php][old-docs]
   * @throws PartneroError `not_found`
   */
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
   * @throws PartneroError `not_found`
   */
  delete(id: string, options: CallOptions = {}): Promise<void> {
    const path = [this.#collection, id];
    return this.carryOut({ method: 'DELETE', path, doneIf: 'not_found' }, options);
  }

  protected post(body: object, options: CallOptions): Promise<ReferralLink> {
    const path = [this.#collection];
    return this.write({ method: 'POST', path, body: this.spelt(withoutNulls(body)) }, options);
  }

  protected searchFor(
    query: Readonly<Record<string, string | undefined>>,
    options: CallOptions,
  ): Promise<ReferralLink[]> {
    return this.find({ path: [`${this.#collection}:search`], query }, options);
  }

  private spelt(fields: object): object {
    if (this.#apiVariants.linkFields === 'snake_case') return fields;
    return Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [
        name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
        value as unknown,
      ]),
    );
  }
}
