import type { FakeProgramType, FakeWebhook } from './fake-entities.js';
import * as fake from './fake-route.js';
import type { FakeCall, FakeRoutes, Fields } from './fake-route.js';
import { type FakeStore, remove } from './fake-store.js';

const eventsOf = (subject: string, ...verbs: string[]) => verbs.map((verb) => `${subject}.${verb}`);
const EVENTS_OF_ALL = [
  ...eventsOf('customer', 'created', 'updated', 'deleted', 'credited', 'rewarded'),
  ...eventsOf('transaction', 'created', 'deleted'),
];
const EVENTS: Readonly<Record<FakeProgramType, readonly string[]>> = {
  affiliate: [
    ...EVENTS_OF_ALL,
    ...eventsOf('partner', 'created', 'updated', 'deleted', 'approved', 'rejected', 'archived'),
    ...eventsOf('lead', 'submitted', 'converted', 'rejected'),
  ],
  'refer-a-friend': EVENTS_OF_ALL,
};

/** `/webhooks`. */
export function webhookRoutes(store: FakeStore): FakeRoutes {
  const { webhooks } = store;
  const webhookOf = ({ params }: FakeCall) =>
    webhooks.find(({ key }) => key === params['key']) ?? fake.refuse(404, 'Webhook not found.');
  const events = new Set<unknown>(EVENTS[store.type]);
  const areKnown = (names: unknown) =>
    Array.isArray(names) && names.every((name) => events.has(name));
  return {
    'GET /webhooks': (call) => fake.pageOf(webhooks, call, show),
    'GET /webhooks/:key': (call) => fake.success(show(webhookOf(call))),
    'POST /webhooks': ({ body }) => {
      const { name, key } = body;
      const { url = '', events: wanted = [], ...fields } = fieldsOf(body);
      fake.validate({
        name: typeof name === 'string',
        url: isUrl(url),
        events: areKnown(body['events']),
      });
      if (webhooks.some((each) => each.key === key)) fake.refuseTaken('key');
      const named = typeof key === 'string' ? { ...fields, key } : fields;
      return fake.success(show(store.addWebhook({ ...named, url, events: wanted })), 201);
    },
    'PUT /webhooks/:key': (call) => {
      const { url, events: wanted } = call.body;
      fake.validate({ url: fake.optional(url, isUrl), events: fake.optional(wanted, areKnown) });
      return fake.success(show(Object.assign(webhookOf(call), fieldsOf(call.body))));
    },
    'DELETE /webhooks/:key': (call) => {
      remove(webhooks, webhookOf(call));
      return fake.success();
    },
  };
}

function isUrl(url: unknown): boolean {
  return URL.canParse(String(url));
}

function fieldsOf({ name, url, events, is_active: isActive }: Fields): Partial<FakeWebhook> {
  return {
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof url === 'string' ? { url } : {}),
    ...(Array.isArray(events) ? { events: events.map(String) } : {}),
    ...(typeof isActive === 'boolean' ? { isActive } : {}),
  };
}

function show({ key, name, url, events, isActive, secret }: FakeWebhook): Fields {
  return { key, name, url, is_active: isActive, signature: secret, events };
}
