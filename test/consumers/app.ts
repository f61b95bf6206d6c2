// Runs the README's quick start against a FakePartnero; compiled and run in each consumer project.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { PartneroService } from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';

async function main(): Promise<void> {
  const fake = await FakePartnero.start({ partners: ['ann'] });
  process.env['PARTNERO_OUTBOX_PATH'] = `data/${process.argv[2]}/outbox.db`;
  process.env['PARTNERO_API_KEY'] = fake.apiKey;
  process.env['FAKE_BASE_URL'] = fake.baseUrl;
  const { AppModule } = await import('./app.module.js');

  const adapter = process.argv[2] === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = await NestFactory.create(AppModule, adapter, { logger: ['warn', 'error'] });
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
  const { accepted, outcomes } = await outbox.stats();
  const [customer] = fake.customers;
  if (outcomes['attributed'] !== 1 || customer?.email !== 'ada@example.com') {
    throw new Error(`not attributed: ${JSON.stringify({ accepted, outcomes })}`);
  }
  await app.close();
  await fake.stop();
  console.log(`attributed on Node ${process.versions.node}: ${JSON.stringify(outcomes)}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
