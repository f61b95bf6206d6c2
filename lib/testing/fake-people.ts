import type { FakeCustomer, FakePartner } from './fake-entities.js';
import * as fake from './fake-route.js';
import type { FakeCall, FakeRoutes, Fields } from './fake-route.js';
import { type FakeStore, remove } from './fake-store.js';

const PASSWORD = /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d).{8,}$/;

/** `/partners` of an affiliate program. Paths take the id of a partner, not the key. */
export function partnerRoutes(store: FakeStore): FakeRoutes {
  const partnerOf = (reference: Fields) =>
    store.findPartner(reference) ?? fake.refuse(404, 'Partner not found.');
  const byId = ({ params }: FakeCall) => partnerOf({ id: params['id'] });
  const show = (partner: FakePartner) => showPartner(partner, store);
  const check = (body: Fields, email: boolean, partner?: FakePartner) => {
    for (const field of ['email', 'id', 'key'] as const) {
      const others = store.partners.filter((each) => each !== partner);
      if (others.some((other) => other[field] === body[field])) fake.refuseTaken(field);
    }
    const password = fake.optional(body['password'], (value) => PASSWORD.test(String(value)));
    fake.validate({ ...checksOf(body), password, email });
  };
  return {
    'GET /partners': (call) => fake.pageOf(store.partners, call, show),
    'GET /partner': ({ query }) => fake.success(show(partnerOf(query))),
    'GET /partners/:id': (call) => fake.success(show(byId(call))),
    'POST /partners': ({ body }) => {
      const { id, email, referring_partner: referrer } = body;
      check(body, isEmail(email));
      if (fake.isReference(referrer) && !store.findPartner(referrer)) {
        fake.refuse(400, 'The referring_partner could not be found.');
      }
      const key = fake.stringOf(body['key']) ?? `key${store.partners.length + 1}`;
      const added = { ...profileOf(body), ...(typeof id === 'string' ? { id } : {}), key };
      return fake.success(show(store.addPartner(added)), 201);
    },
    'PUT /partners/:id': (call) => {
      const partner = byId(call);
      const changes = changesIn(call.body);
      check(changes, fake.optional(changes['email'], isEmail), partner);
      const key = fake.stringOf(changes['key']) ?? partner.key;
      return fake.success(show(Object.assign(partner, profileOf(changes), { key })));
    },
    'DELETE /partners/:id': (call) => {
      remove(store.partners, byId(call));
      return fake.success();
    },
  };
}

/** `/customers`. Paths take your id of the customer, or the e-mail address. */
export function customerRoutes(store: FakeStore): FakeRoutes {
  const show = (customer: FakeCustomer) => showCustomer(customer, store);
  return {
    'GET /customers': (call) => fake.pageOf(listed(call, store), call, show),
    'GET /customers:search': ({ query }) => fake.success(searched(query, store).map(show)),
    'GET /customers/:key': (call) => fake.success(show(customerOf(call, store))),
    'POST /customers': ({ body }) => fake.success(show(createCustomer(body, store)), 201),
    'PUT /customers/:key': (call) => {
      const customer = customerOf(call, store);
      const changes = changesIn(call.body);
      fake.validate(checksOf(changes));
      const key = store.type === 'affiliate' ? fake.stringOf(changes['key']) : undefined;
      if (key !== undefined && key !== customer.key) {
        if (store.customer(key)) fake.refuseTaken('key');
        store.renameCustomer(customer, key);
      }
      Object.assign(customer, profileOf(changes), { updatedAt: new Date() });
      return fake.success(show(customer));
    },
    'DELETE /customers/:key': (call) => {
      store.removeCustomer(customerOf(call, store));
      return fake.success();
    },
  };
}

function listed({ query }: FakeCall, { customers }: FakeStore): FakeCustomer[] {
  const { 'partner.key': key, 'partner.email': email, refer_status: referred } = query;
  return customers.filter(
    ({ partner, referrer }) =>
      (referred === undefined || (referrer !== null) === (referred === 'referred')) &&
      (key === undefined || partner?.key === key) &&
      (email === undefined || partner?.email === email),
  );
}

/** By your own id, which an affiliate program calls `key`, by the public key, or by the e-mail address. */
function searched({ id, key, email }: FakeCall['query'], store: FakeStore): FakeCustomer[] {
  const isAffiliate = store.type === 'affiliate';
  const given = isAffiliate ? [id, email] : [id, key, email];
  fake.validate({ email: given.some((each) => each !== undefined) });
  return store.customers.filter((each) =>
    isAffiliate
      ? each.key === id || each.email === email
      : each.id === id || each.key === key || each.email === email,
  );
}

/** @throws FakeRefusal 404 */
export function customerOf({ params }: FakeCall, store: FakeStore): FakeCustomer {
  const { key = '' } = params;
  const found = store.customer(key) ?? store.findCustomer({ email: key });
  return found ?? fake.refuse(404, 'Customer not found.');
}

/** @throws FakeRefusal if the body isn't valid, the key is taken, or the referrer is unknown */
export function createCustomer(body: Fields, store: FakeStore): FakeCustomer {
  const { key, id, partner, referring_customer: referrer } = body;
  const isAffiliate = store.type === 'affiliate';
  if (store.customer(isAffiliate ? key : id)) fake.refuseTaken(isAffiliate ? 'key' : 'id');
  if (!isAffiliate && store.findCustomer({ key })) fake.refuseTaken('key');
  const required = { key: fake.stringOf(key) !== undefined, partner: fake.isReference(partner) };
  fake.validate({ ...(isAffiliate ? required : {}), ...checksOf(body) });
  return store.addCustomer({
    ...profileOf(body),
    ...(typeof key === 'string' ? { key } : {}),
    ...(typeof id === 'string' && !isAffiliate ? { id } : {}),
    ...(isAffiliate && fake.isReference(partner)
      ? { partner: known('partner', store.findPartner(partner)) }
      : {}),
    ...(!isAffiliate && fake.isReference(referrer)
      ? { referrer: known('referring_customer', store.findCustomer(referrer)) }
      : {}),
  });
}

function known<T>(field: string, found: T | undefined): T {
  return found ?? fake.refuse(400, `The ${field} could not be found.`);
}

/** The changes in the body of an update. */
function changesIn({ update }: Fields): Fields {
  return fake.isFields(update) ? update : fake.refuseInvalid(['update']);
}

/** The fields that partners and customers share, as far as they are given. */
function profileOf({ email, name, surname, tags }: Fields): Partial<FakePartner> {
  return {
    ...(typeof email === 'string' ? { email } : {}),
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof surname === 'string' ? { surname } : {}),
    ...(Array.isArray(tags) ? { tags: tags.map(String) } : {}),
  };
}

/** Which of those fields are valid. */
function checksOf({ email, name, surname, tags }: Fields): Record<string, boolean> {
  return {
    email: fake.optional(email, isEmail),
    name: fake.optional(name, (value) => typeof value === 'string'),
    surname: fake.optional(surname, (value) => typeof value === 'string'),
    tags: fake.optional(tags, (value) => Array.isArray(value) && value.every(fake.stringOf)),
  };
}

function isEmail(value: unknown): boolean {
  return typeof value === 'string' && /^[^@\s]+@[^@\s]+$/.test(value);
}

export function showPartner(partner: FakePartner, { customers }: FakeStore): Fields {
  const { id, key, email, name, surname, status, tags, createdAt } = partner;
  const referral_link = `https://example.com/?aff=${encodeURIComponent(key)}`;
  const created_at = fake.timestamp(createdAt);
  return {
    id,
    email,
    name,
    surname,
    status,
    approved: true,
    tos: true,
    custom_fields: [],
    referrals_count: customers.filter((customer) => customer.partner === partner).length,
    tags: tags.map((value) => ({ value })),
    referral_link,
    referral_links: [referral_link],
    created_at,
    updated_at: created_at,
  };
}

export function showCustomer(customer: FakeCustomer, { type }: FakeStore): Fields {
  const { key, id, email, name, surname, tags, partner, referrer, deletedAt } = customer;
  const common = {
    email,
    name,
    surname,
    status: deletedAt ? 'deleted' : 'active',
    created_at: fake.timestamp(customer.createdAt),
    updated_at: fake.timestamp(customer.updatedAt),
  };
  if (type === 'affiliate') {
    return {
      ...common,
      key,
      partner: partner?.id ?? null,
      deleted: deletedAt !== null,
      deleted_at: deletedAt && fake.timestamp(deletedAt),
      tags: tags.map((value) => ({ value })),
    };
  }
  return {
    ...common,
    id,
    approved: true,
    referring_customer: referrer && { id: referrer.id, key: referrer.key, email: referrer.email },
    referral_link: `https://example.com/?ref=${encodeURIComponent(key)}`,
  };
}
