import * as fake from '#lib/testing/fake-route.js';
import type { FakeRoutes, Fields } from '#lib/testing/fake-route.js';
import { remove } from '#lib/testing/fake-store.js';
import type { FakeApiVariants } from './api-variants.js';

/** A subscriber of a newsletter program. */
export interface FakeSubscriber {
  id: string | null;
  email: string;
  referrer: FakeSubscriber | null;
  fields: Fields;
  readonly createdAt: Date;
}

const FIELDS = ['name', 'tos', 'marketing_consent', 'status', 'approved'];
const STATUSES = new Set<unknown>(['active', 'rejected', 'suspended']);

/** `/subscribers` of a newsletter program. */
export function subscriberRoutes(
  subscribers: FakeSubscriber[],
  apiVariants: FakeApiVariants,
): FakeRoutes {
  const find = (reference: Fields) => {
    const id = fake.stringOf(reference[apiVariants.subscriberId]);
    const email = fake.stringOf(reference['email']);
    return subscribers.find((each) => (id && each.id === id) || (email && each.email === email));
  };
  const subscriberOf = (reference: Fields) =>
    find(reference) ?? fake.refuse(404, 'Subscriber not found.');
  const refuseTakenEmail = (email: unknown, self?: FakeSubscriber) => {
    const isTaken = subscribers.some((each) => each !== self && each.email === email);
    if (isTaken) fake.refuseTaken('email');
  };
  const show = ({ id, email, referrer, fields, createdAt }: FakeSubscriber): Fields => {
    const { status = 'active', ...rest } = fields;
    return {
      id,
      email,
      name: null,
      is_referred: referrer !== null,
      approved: true,
      ...rest,
      status: String(status).replace(/^./, (first) => first.toUpperCase()),
      referrals_count: subscribers.filter((each) => each.referrer?.email === email).length,
      reward: [],
      created_at: fake.timestamp(createdAt),
    };
  };
  return {
    'GET /subscribers': (call) => {
      const { refer_status: referred } = call.query;
      const rows = subscribers.filter(
        ({ referrer }) =>
          referred === undefined || (referrer !== null) === (referred === 'referred'),
      );
      return fake.pageOf(rows, call, show);
    },
    'POST /subscribers': ({ body }) => {
      const { email, referral, status } = body;
      fake.validate({
        email: isEmail(email),
        status: fake.optional(status, (value) => STATUSES.has(value)),
      });
      refuseTakenEmail(email);
      const referrer = fake.isFields(referral)
        ? (find(referral) ?? fake.refuse(400, 'The referral could not be found.'))
        : null;
      const subscriber: FakeSubscriber = {
        id: fake.stringOf(body[apiVariants.subscriberId]) ?? null,
        email: String(email),
        referrer,
        fields: fieldsOf(body),
        createdAt: new Date(),
      };
      subscribers.push(subscriber);
      return fake.success(show(subscriber), 201);
    },
    'PUT /subscribers': ({ body }) => {
      const found = subscriberOf(body);
      const { update } = body;
      if (!fake.isFields(update)) return fake.refuseInvalid(['update']);
      fake.validate({ email: fake.optional(update['email'], isEmail) });
      refuseTakenEmail(update['email'], found);
      found.email = fake.stringOf(update['email']) ?? found.email;
      found.fields = { ...found.fields, ...fieldsOf(update) };
      return fake.success(show(found));
    },
    'DELETE /subscribers': ({ body }) => {
      remove(subscribers, subscriberOf(body));
      return fake.success();
    },
    'GET /subscribers/:reference': ({ params: { reference } }) => {
      const found = subscribers.find(({ id, email }) => id === reference || email === reference);
      return fake.success(show(found ?? fake.refuse(404, 'Subscriber not found.')));
    },
    'GET /subscribers:search': ({ query }) => {
      const found = find(query);
      return fake.success(found ? [show(found)] : []);
    },
  };
}

function isEmail(value: unknown): boolean {
  return typeof value === 'string' && /^[^@\s]+@[^@\s]+$/.test(value);
}

function fieldsOf(body: Fields): Fields {
  return Object.fromEntries(
    FIELDS.filter((name) => body[name] !== undefined).map((name) => [name, body[name]]),
  );
}
