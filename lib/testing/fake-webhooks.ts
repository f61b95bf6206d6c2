import type { FakeAnswer } from './fake-answer.js';
import type { FakeWebhook } from './fake-entities.js';
import type { FakeCall } from './fake-request.js';
import { FakeResource } from './fake-resource.js';
import { isText, required, textIn, type Fields, type Problems } from './fake-values.js';

const EVENTS = {
  affiliate: [
    ...['created', 'updated', 'deleted', 'approved', 'rejected', 'archived'].map(
      (what) => `partner.${what}`,
    ),
    ...['created', 'updated', 'deleted', 'credited', 'rewarded'].map((what) => `customer.${what}`),
    ...['created', 'deleted'].map((what) => `transaction.${what}`),
    ...['submitted', 'converted', 'rejected'].map((what) => `lead.${what}`),
  ],
  'refer-a-friend': [
    ...['created', 'updated', 'deleted', 'credited', 'rewarded'].map((what) => `customer.${what}`),
    ...['created', 'deleted'].map((what) => `transaction.${what}`),
  ],
  newsletter: ['created', 'updated', 'deleted', 'rewarded'].map((what) => `subscriber.${what}`),
};
const UNCONFIRMED = ['transaction.updated', 'reward.created', 'reward.approved', 'reward.paid'];

/** `/webhooks`. */
export class FakeWebhooks extends FakeResource {
  handle(call: FakeCall): FakeAnswer | undefined {
    const { method, segments, body } = call;
    const [resource, key, more] = segments;
    if (resource !== 'webhooks' || more !== undefined) return undefined;
    if (key === undefined) {
      if (method === 'POST') return this.create(body);
      return method === 'GET'
        ? this.list(this.store.webhooks, call, (row) => this.show(row))
        : undefined;
    }
    if (!['GET', 'PUT', 'DELETE'].includes(method)) return undefined;
    const webhook = this.store.webhooks.find((each) => each.key === key);
    if (!webhook) return this.notFound('Webhook');
    if (method === 'GET') return this.ok(this.show(webhook));
    if (method === 'PUT') return this.update(webhook, body);
    this.store.webhooks.splice(this.store.webhooks.indexOf(webhook), 1);
    return this.ok();
  }

  private create(body: Fields): FakeAnswer {
    const { name, url, is_active: isActive = true } = body;
    const { webhookKeys } = this.apiVariants;
    const key = webhookKeys === 'generated' ? undefined : body['key'];
    const errors = this.problemsIn(body);
    for (const field of ['name', 'url', 'events']) {
      if (body[field] === undefined) errors[field] = required(field);
    }
    if (Object.keys(errors).length > 0) return this.invalid(errors);
    const isTaken = this.store.webhooks.some((other) => other.key === key);
    if (isTaken && webhookKeys === 'unique') return this.taken('key');
    const webhook = this.store.addWebhook({
      ...(isText(key) ? { key } : {}),
      name: name as string,
      url: url as string,
      events: body['events'] as string[],
      isActive: isActive as boolean,
    });
    return this.created(this.show(webhook));
  }

  private update(webhook: FakeWebhook, body: Fields): FakeAnswer {
    const errors = this.problemsIn(body);
    if (Object.keys(errors).length > 0) return this.invalid(errors);
    const { name, url, events, is_active: isActive } = body;
    if (isText(name)) webhook.name = name;
    if (isText(url)) webhook.url = url;
    if (Array.isArray(events)) webhook.events = events as string[];
    if (typeof isActive === 'boolean') webhook.isActive = isActive;
    return this.ok(this.show(webhook));
  }

  private problemsIn({ url, events }: Fields): Problems {
    const errors: Problems = {};
    if (url !== undefined && !URL.canParse(textIn(url))) errors['url'] = ['The url is invalid.'];
    const unconfirmed = this.apiVariants.unconfirmedEvents ? UNCONFIRMED : [];
    const known = new Set([...EVENTS[this.type], ...unconfirmed]);
    const areKnown = Array.isArray(events) && events.every((event) => known.has(String(event)));
    if (events !== undefined && !areKnown) errors['events'] = ['The selected events are invalid.'];
    return errors;
  }

  private show({ key, name, url, events, isActive, secret }: FakeWebhook): Fields {
    return { key, name, url, is_active: isActive, signature: secret, events };
  }
}
