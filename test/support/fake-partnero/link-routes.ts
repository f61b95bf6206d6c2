import type { FakeCustomer, FakePartner } from 'nestjs-partnero/testing';
import * as fake from '#lib/testing/fake-route.js';
import type { FakeRoutes, Fields } from '#lib/testing/fake-route.js';
import { remove, type FakeStore } from '#lib/testing/fake-store.js';
import type { FakeApiVariants } from './api-variants.js';

/** A referral link of a partner or a customer. */
export interface FakeLink {
  readonly id: string;
  readonly owner: FakePartner | FakeCustomer;
  fields: Fields;
}

const FIELDS = [
  'is_additional',
  'direct_tracking',
  'direct_tracking_redirect',
  'direct_tracking_redirect_url',
];
const DOMAINS = [
  { id: null, domain: 'example.com', url: 'https://example.com/?aff=', is_additional: false },
  { id: 7, domain: 'go.example', url: 'https://go.example/?aff=', is_additional: true },
];

/** Referral links: of partners, in a refer-a-friend program of customers. */
export function linkRoutes(
  links: FakeLink[],
  store: FakeStore,
  apiVariants: FakeApiVariants,
): FakeRoutes {
  const owner = store.type === 'affiliate' ? 'partner' : 'customer';
  const collection = `/${owner}_referral_links`;
  const findOwner = (reference: Fields) =>
    owner === 'partner' ? store.findPartner(reference) : store.findCustomer(reference);
  const linkOf = (id: string | undefined) =>
    links.find((each) => each.id === id) ?? fake.refuse(404, 'Link not found.');
  /** A field in the spelling that is understood; any other is ignored. */
  const spelt = (body: Fields, field: string) => {
    if (apiVariants.linkFields === 'snake_case') return body[field];
    return body[field.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())];
  };
  const fieldsIn = (body: Fields): Fields => {
    const given = FIELDS.map((field) => [field, spelt(body, field)] as const);
    return Object.fromEntries(given.filter(([, value]) => value !== undefined));
  };
  const changesIn = (body: Fields): Fields => {
    const { update } = body;
    const form = apiVariants.linkUpdateBody;
    if (form === 'flat' || (form === 'either' && !fake.isFields(update))) return body;
    return fake.isFields(update) ? update : fake.refuseInvalid(['update']);
  };
  return {
    [`GET /${owner}s/:id/referral_links`]: (call) => {
      const of = findOwner({ id: call.params['id'] }) ?? fake.refuse(404, `${owner} not found.`);
      const rows = links.filter((link) => link.owner === of);
      return fake.pageOf(rows, call, show);
    },
    [`POST ${collection}`]: ({ body }) => {
      const { key } = body;
      const reference = body[owner];
      const fields = fieldsIn(body);
      fake.validate({
        key: fake.stringOf(key) !== undefined,
        [owner]: fake.isReference(reference),
        is_additional:
          spelt(body, 'domain_id') === undefined || fields['is_additional'] !== undefined,
      });
      if (links.some(({ id }) => id === key)) fake.refuseTaken('key');
      const of = findOwner(reference as Fields);
      const link: FakeLink = {
        id: String(key),
        owner: of ?? fake.refuse(400, `The ${owner} could not be found.`),
        fields,
      };
      links.push(link);
      return fake.success(show(link));
    },
    [`GET ${collection}/:id`]: ({ params }) => fake.success(show(linkOf(params['id']))),
    [`PUT ${collection}/:id`]: ({ params, body }) => {
      const link = linkOf(params['id']);
      link.fields = { ...link.fields, ...fieldsIn(changesIn(body)) };
      return fake.success(show(link));
    },
    [`DELETE ${collection}/:id`]: ({ params }) => {
      remove(links, linkOf(params['id']));
      return fake.success();
    },
    [`GET ${collection}:search`]: ({ query }) => {
      const ownerId = query['customer[id]'];
      const found = links.filter(
        (link) =>
          (link.id === query['id'] || link.id === query['key']) &&
          (ownerId === undefined || link.owner.id === ownerId),
      );
      return fake.success(found.map(show));
    },
    ...(owner === 'partner'
      ? { [`GET ${collection}:domains`]: (call) => fake.pageOf(DOMAINS, call, (row) => row) }
      : {}),
  };
}

function show({ id, fields }: FakeLink): Fields {
  return {
    id,
    key: id,
    url: `https://example.com/?aff=${encodeURIComponent(id)}`,
    default: false,
    is_additional: false,
    direct_tracking: false,
    direct_tracking_redirect: false,
    direct_tracking_redirect_url: null,
    ...fields,
  };
}
