import { sqliteOutbox, type PartneroModuleOptions } from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';

/** Partnero itself, or a fake Partnero. */
export interface PartneroConnection {
  /** What a real app gives to `PartneroModule.forRoot()`: nothing. */
  readonly options: PartneroModuleOptions;
  readonly fake: FakePartnero | null;
}

/** With an API key in the environment, all defaults. Without one, a fake with an outbox of its own. */
export async function connectToPartnero(): Promise<PartneroConnection> {
  if (process.env['PARTNERO_API_KEY']) return { options: {}, fake: null };
  const fake = await FakePartnero.start({ partners: ['ann', 'bob'] });
  const path = process.env['PARTNERO_OUTBOX_PATH'] ?? '.partnero/sample-without-key.db';
  const options = {
    apiKey: fake.apiKey,
    baseUrl: fake.baseUrl,
    outbox: sqliteOutbox({ path }),
    // By default, up to a minute passes until an outage is found to be over.
    delivery: { maxBackoffMs: 5_000 },
  };
  return { options, fake };
}
