import { DEFAULT_LIMIT, everyItem, pageOf } from '../api/page.js';
import type { PartneroApiClient } from '../api/partnero-api.client.js';
import { WebhookSecret } from './webhook.secret.js';
import type {
  WantedSubscription,
  WebhookSubscription,
  WebhookSubscriptions,
} from './webhook.subscriptions.js';

type Row = Readonly<Record<string, unknown>>;

/** `/webhooks` of Partnero's API. */
export class ApiWebhookSubscriptions implements WebhookSubscriptions {
  constructor(private readonly client: PartneroApiClient) {}

  async list(signal: AbortSignal): Promise<WebhookSubscription[]> {
    const rows: WebhookSubscription[] = [];
    const pages = everyItem(async (page) => {
      const query = { limit: DEFAULT_LIMIT, page };
      const answer = await this.client.send<Row[]>({ path: ['webhooks'], query, signal });
      return pageOf(answer, page, DEFAULT_LIMIT);
    });
    for await (const row of pages) rows.push(toSubscription(row));
    return rows;
  }

  async create(
    wanted: WantedSubscription,
    key: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const body = { ...toBody(wanted), key };
    await this.client.send({ method: 'POST', path: ['webhooks'], body, signal });
  }

  async update(key: string, wanted: WantedSubscription, signal: AbortSignal): Promise<void> {
    const path = ['webhooks', key];
    await this.client.send({ method: 'PUT', path, body: toBody(wanted), signal });
  }

  async delete(key: string, signal: AbortSignal): Promise<void> {
    await this.client.send({ method: 'DELETE', path: ['webhooks', key], signal });
  }
}

function toBody({ name, url, events }: WantedSubscription): Row {
  return { name, url, events, is_active: true };
}

function toSubscription(row: Row): WebhookSubscription {
  const { key, name, url, events, is_active: active = true, signature } = row;
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
