// Signs up at the generated app, which reports to a FakePartnero.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { getPartneroTokens, PartneroService } from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { AppModule } from './app.module.js';

/** Whose customer Partnero created, and the class of what called Partnero. */
export async function signUp(): Promise<{ partner: string | undefined; http: string }> {
  const fake = await FakePartnero.start({ partners: ['ann'] });
  process.env.PARTNERO_API_KEY = fake.apiKey;
  process.env.PARTNERO_BASE_URL = fake.baseUrl;
  process.env.PARTNERO_OUTBOX_PATH = join(mkdtempSync(join(tmpdir(), 'outbox-')), 'outbox.db');
  const app = await NestFactory.create(AppModule, { abortOnError: false, logger: ['error'] });
  try {
    await app.listen(0, '127.0.0.1');
    await fetch(`${await app.getUrl()}/signup?aff=ann`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'ada@example.com' }),
    });
    const { outbox } = app.get(PartneroService);
    while ((await outbox.stats()).pending > 0) await new Promise((next) => setTimeout(next, 20));
    const http: object = app.get(getPartneroTokens().http, { strict: false });
    return { partner: fake.customers[0]?.partner?.key, http: http.constructor.name };
  } finally {
    await app.close();
    await fake.stop();
  }
}
