// Runs the README's quick start and the docs' webhook against a FakePartnero; compiled and run in each
// consumer project.
import 'reflect-metadata';
import { Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { PartneroModule, PartneroService, sqliteOutbox } from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { CommissionsService } from './commissions.service.js';
import { Commissions } from './users.js';
import { WebhookController } from './webhook.controller.js';

const adapter = () => (process.argv[2] === 'fastify' ? new FastifyAdapter() : new ExpressAdapter());

async function main(): Promise<void> {
  const fake = await FakePartnero.start({ partners: ['ann'] });
  process.env['PARTNERO_OUTBOX_PATH'] = `data/${process.argv[2]}/outbox.db`;
  process.env['PARTNERO_API_KEY'] = fake.apiKey;
  process.env['PARTNERO_BASE_URL'] = fake.baseUrl;
  const { AppModule } = await import('./app.module.js');

  const app = await NestFactory.create(AppModule, adapter(), { logger: ['warn', 'error'] });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  const response = await fetch(`http://127.0.0.1:${port}/signup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie: 'partnero_partner=ann' },
    body: JSON.stringify({ email: 'ada@example.com' }),
  });
  if (response.status !== 201) throw new Error(`the sign-up was answered ${response.status}`);
  const { outbox } = app.get(PartneroService);
  for (let i = 0; i < 500 && (await outbox.stats()).pending > 0; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { queued, outcomes } = await outbox.stats();
  const [customer] = fake.customers;
  if (outcomes['attributed'] !== 1 || customer?.email !== 'ada@example.com') {
    throw new Error(`not attributed: ${JSON.stringify({ queued, outcomes })}`);
  }
  await app.close();
  await receive(fake);
  await fake.stop();
  console.log(
    `attributed, and an event handled, on Node ${process.versions.node}: ${JSON.stringify(outcomes)}`,
  );
}

const secret = 'a-secret';
const outbox = sqliteOutbox({ path: `data/${process.argv[2]}/inbox.db` });

@Module({
  imports: [PartneroModule.forRoot({ apiKey: '', outbox, webhooks: { secret } })],
  controllers: [WebhookController],
  providers: [CommissionsService, Commissions],
})
class WebhookModule {}

async function startReceiving(rawBody: boolean): Promise<INestApplication> {
  const options = { rawBody, abortOnError: false, logger: ['warn' as const, 'error' as const] };
  const app = await NestFactory.create(WebhookModule, adapter(), options);
  await app.listen(0, '127.0.0.1');
  return app;
}

function deliver(fake: FakePartnero, app: INestApplication, copies: number) {
  const { port } = app.getHttpServer().address() as { port: number };
  const url = `http://127.0.0.1:${port}/webhooks/partnero`;
  const data = { key: 'inv-1', rewards: [{ customer: 'user-1', amount: 14.7 }] };
  return fake.sendEvent('transaction.created', data, { url, secret, attempts: 1, copies });
}

/** Without the bytes of the body a delivery fails; with them an event comes to its handler. */
async function receive(fake: FakePartnero): Promise<void> {
  const withoutBytes = await startReceiving(false);
  const [failed] = await deliver(fake, withoutBytes, 1);
  if (failed?.statuses.join() !== '500') throw new Error(`not refused: ${failed?.statuses}`);
  await withoutBytes.close();
  const app = await startReceiving(true);
  const [delivery] = await deliver(fake, app, 2);
  const { inbox } = app.get(PartneroService).webhooks;
  for (let i = 0; i < 500 && (await inbox.stats()).pending > 0; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { outcomes } = await inbox.stats();
  const statuses = delivery?.statuses.join();
  if (statuses !== '204,204' || outcomes['handled'] !== 1 || outcomes['duplicate'] !== 1) {
    throw new Error(`not handled once: ${statuses}, ${JSON.stringify(outcomes)}`);
  }
  await app.close();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
