import type { ApiCaller } from '../api/api.caller.js';
import type { Webhook } from '../api/webhooks/webhook.model.js';
import { WebhooksResource } from '../api/webhooks/webhooks.resource.js';
import { WebhookSecret } from './webhook.secret.js';
import type {
  WantedSubscription,
  WebhookSubscription,
  WebhookSubscriptions,
} from './webhook.subscriptions.js';

/** `/webhooks` of Partnero's API. */
export class ApiWebhookSubscriptions implements WebhookSubscriptions {
  readonly #webhooks: WebhooksResource;

  constructor(caller: ApiCaller) {
    this.#webhooks = new WebhooksResource(caller);
  }

  async list(signal: AbortSignal): Promise<WebhookSubscription[]> {
    const found: WebhookSubscription[] = [];
    for await (const webhook of this.#webhooks.list({ signal }))
      found.push(toSubscription(webhook));
    return found;
  }

  async create(
    wanted: WantedSubscription,
    key: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#webhooks.create({ ...wanted, is_active: true, key }, { signal });
  }

  async update(key: string, wanted: WantedSubscription, signal: AbortSignal): Promise<void> {
    await this.#webhooks.update(key, { ...wanted, is_active: true }, { signal });
  }

  delete(key: string, signal: AbortSignal): Promise<void> {
    return this.#webhooks.delete(key, { signal });
  }
}

/** As it may come: fields are missing, or of another type than the documentation's. */
type Answered = { readonly [Field in keyof Webhook]: unknown };

function toSubscription(webhook: Answered): WebhookSubscription {
  const { key, name, url, events, is_active: active = true, signature } = webhook;
  return {
    key: textOf(key),
    name: textOf(name),
    url: textOf(url),
    events: Array.isArray(events) ? events.map(textOf) : [],
    isActive: active === true || active === 1 || active === 'true' || active === '1',
    secret: textOf(signature) === '' ? null : new WebhookSecret(textOf(signature)),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
