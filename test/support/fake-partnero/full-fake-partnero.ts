import { FakePartnero, type FakePartneroOptions } from 'nestjs-partnero/testing';
import * as fake from '#lib/testing/fake-route.js';
import type { FakeCall, FakeResponse, FakeRoutes, Fields } from '#lib/testing/fake-route.js';
import { DEFAULT_FAKE_API_VARIANTS, type FakeApiVariants } from './api-variants.js';
import { leadRoutes, type FakeLead } from './lead-routes.js';
import { linkRoutes, type FakeLink } from './link-routes.js';
import { newsletterRewardRoutes, otherRoutes } from './other-routes.js';
import {
  programRoutes,
  rareAffiliateRoutes,
  rarePartnerRoutes,
  referAFriendRoutes,
  type FakeGift,
} from './rare-routes.js';
import { saleRoutes, transactionWith } from './sale-routes.js';
import { subscriberRoutes, type FakeSubscriber } from './subscriber-routes.js';
import { VariantRequests } from './variant-requests.js';
import { webhookVariantRoutes } from './webhook-routes.js';
import { varyRefusal, varyResponse } from './variant-responses.js';

export interface FullFakePartneroOptions extends Omit<FakePartneroOptions, 'program'> {
  readonly program?: 'affiliate' | 'refer-a-friend' | 'newsletter' | undefined;
  readonly apiVariants?: Partial<FakeApiVariants> | undefined;
}

type Call = Omit<FakeCall, 'params'>;

/** `FakePartnero` with all endpoints that are publicly known, in each variant that sources describe. */
export class FullFakePartnero extends FakePartnero {
  readonly links: FakeLink[] = [];
  readonly leads: FakeLead[] = [];
  readonly subscribers: FakeSubscriber[] = [];
  /** Bonuses of partners and credits of customers. */
  readonly gifts: FakeGift[] = [];
  /** E-mail addresses that were invited. */
  readonly invited: string[] = [];
  /** They may be changed at any time. */
  readonly apiVariants: FakeApiVariants;
  private readonly requestVariants: VariantRequests;
  private readonly isNewsletter: boolean;

  protected constructor({
    program = 'affiliate',
    apiVariants,
    ...options
  }: FullFakePartneroOptions) {
    super({ ...options, program: program === 'newsletter' ? 'affiliate' : program });
    const { store, gifts } = this;
    this.isNewsletter = program === 'newsletter';
    this.apiVariants = { ...DEFAULT_FAKE_API_VARIANTS, ...apiVariants };
    this.requestVariants = new VariantRequests(store, this.apiVariants);
    const { publicId = 'FAKE0001' } = options;
    this.add(webhookVariantRoutes(store, this.apiVariants));
    this.add(programRoutes(program, publicId, this.apiVariants, store, this.subscribers));
    if (this.isNewsletter) {
      this.add(subscriberRoutes(this.subscribers, this.apiVariants));
      this.add(newsletterRewardRoutes());
      return;
    }
    this.add(saleRoutes(store, this.apiVariants));
    this.add(otherRoutes(this.apiVariants));
    this.add(linkRoutes(this.links, store, this.apiVariants));
    this.add({
      'PUT /customers': ({ body: { key, id, ...body } }) =>
        this.updateByBody('customers', store.findCustomer({ key, id }) && String(id ?? key), body),
    });
    if (program === 'refer-a-friend') {
      this.add(referAFriendRoutes(store, gifts, this.invited));
      return;
    }
    this.add(rarePartnerRoutes(store, gifts));
    this.add(rareAffiliateRoutes(store, (key) => transactionWith(key, store, this.apiVariants)));
    this.add(leadRoutes(this.leads, store, this.apiVariants));
    this.add({
      'PUT /partners': ({ body: { key, email, ...body } }) =>
        this.updateByBody('partners', store.findPartner({ key, email })?.id, body),
    });
  }

  static override async start(options: FullFakePartneroOptions = {}): Promise<FullFakePartnero> {
    const full = new FullFakePartnero(options);
    await full.listen(options.port);
    return full;
  }

  protected override respond(methodAndPath: string, call: Call): FakeResponse {
    const { apiVariants, store } = this;
    try {
      const isForeign = /^\S+ \/(customers|partner|transactions)/.test(methodAndPath);
      if (this.isNewsletter && isForeign) fake.refuse(404, 'The route could not be found.');
      const varied = this.requestVariants.vary(methodAndPath, call);
      const response = super.respond(methodAndPath, varied);
      return varyResponse(methodAndPath, response, apiVariants, store);
    } catch (error) {
      if (error instanceof fake.FakeRefusal) {
        throw varyRefusal(methodAndPath, error.response, apiVariants);
      }
      throw error;
    }
  }

  private add(routes: FakeRoutes): void {
    for (const [methodAndPath, route] of Object.entries(routes)) this.route(methodAndPath, route);
  }

  private updateByBody(path: string, id: string | undefined, body: Fields): FakeResponse {
    if (id === undefined) fake.refuse(404, 'Not found.');
    return super.respond(`PUT /${path}/${encodeURIComponent(id)}`, { query: {}, body });
  }
}
