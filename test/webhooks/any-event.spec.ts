import { assert, constantFrom, jsonValue, oneof, property, record, string } from 'fast-check';
import { signPartneroEvent } from 'nestjs-partnero/testing';
import { eventOfJob, jobsOf } from '#lib/webhooks/event.job.js';
import { WebhookVerifier } from '#lib/webhooks/webhook.verifier.js';
import { resolveWebhooksOptions } from '#lib/webhooks/webhooks.options.js';
import { SECRET } from '../support/deliveries.js';

const NAMES = ['partner.created', 'unknown', '*', '__proto__', 'constructor', 'toString', 'then'];
const HOSTILE = [
  '{"toString":1,"valueOf":1}',
  '{"__proto__":{"a":1}}',
  '{"then":1}',
  '1e400',
  '-0',
];

const anyValue = oneof(jsonValue(), constantFrom(...HOSTILE.map((text) => JSON.parse(text))));
const anyEnvelope = record(
  {
    event: oneof(string(), constantFrom(...NAMES), jsonValue()),
    data: anyValue,
    created_at: anyValue,
    timestamp: anyValue,
    webhook_key: anyValue,
    url: anyValue,
  },
  { requiredKeys: [] },
);

it('Any signed JSON is an event that survives being saved, or is refused with 400', () => {
  const webhooks = resolveWebhooksOptions({ secret: SECRET }, 'default', {});
  const log = { log() {}, warn() {}, error() {} };
  const options = { name: 'default', enabled: undefined, webhooks };
  const verifier = new WebhookVerifier(options, { routesOf: () => [] }, log);
  const verify = (body: string) => {
    try {
      const signature = signPartneroEvent(body, SECRET);
      return verifier.verify({ headers: { signature }, rawBody: body });
    } catch (error) {
      expect(error).toMatchObject({ status: 400 });
      return null;
    }
  };
  let events = 0;
  assert(
    property(oneof(anyEnvelope, anyValue), (envelope) => {
      const event = verify(JSON.stringify(envelope));
      if (!event) return;
      events += 1;
      const [job] = jobsOf(event, ['Commissions.add']);
      expect(eventOfJob(job!.payload, 'default')).toEqual(event);
    }),
    { numRuns: 3_000 },
  );
  expect(events).toBeGreaterThan(500);
});
