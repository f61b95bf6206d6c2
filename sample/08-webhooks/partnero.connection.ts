import { randomBytes } from 'node:crypto';
import { sqliteOutbox, type PartneroModuleOptions } from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';

/** Partnero itself, or a fake Partnero. */
export interface PartneroConnection {
  /** What a real app gives to `PartneroModule.forRoot()`. */
  readonly options: PartneroModuleOptions;
  readonly fake: FakePartnero | null;
  /** To be called with the app's own address, once that is known. */
  listensAt(address: string): void;
}

const PATH = '/webhooks/partnero';
const EVENTS = ['transaction.created', 'transaction.deleted'];

/** With an API key and the webhook's secret in the environment, Partnero; without, a fake. */
export async function connectToPartnero(): Promise<PartneroConnection> {
  const { PARTNERO_API_KEY: apiKey, PARTNERO_WEBHOOK_SECRET: webhookSecret } = process.env;
  if (apiKey && webhookSecret) return { options: {}, fake: null, listensAt: () => {} };
  const fake = await FakePartnero.start();
  const secret = randomBytes(8).toString('hex');
  const path = process.env['PARTNERO_OUTBOX_PATH'] ?? '.partnero/sample-without-key.db';
  return {
    options: {
      apiKey: fake.apiKey,
      baseUrl: fake.baseUrl,
      outbox: sqliteOutbox({ path }),
      webhooks: { secret },
    },
    fake,
    listensAt: (address) => void fake.addWebhook({ url: address + PATH, events: EVENTS, secret }),
  };
}
