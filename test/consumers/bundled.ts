// An app that test/consumers/bundles.mjs bundles and runs: it attributes one sign-up to a fake Partnero.
// node bundled.js inline|sqlite [path of the worker, or nothing] [freeze]
import 'reflect-metadata';
import { Controller, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AttributeReferral,
  inlineOutbox,
  PartneroModule,
  PartneroService,
  sqliteOutbox,
} from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';

@Controller()
class AuthController {
  @Post('signup')
  @AttributeReferral()
  signup() {
    return { id: 'user-1', email: 'ada@example.com' };
  }
}

const [, , engine, workerPath, freeze] = process.argv;

async function main(): Promise<void> {
  const { apiKey, baseUrl } = await FakePartnero.start({ partners: ['ann'] });
  const outbox =
    engine === 'inline' ? inlineOutbox() : sqliteOutbox(workerPath ? { workerPath } : {});

  @Module({
    imports: [PartneroModule.forRoot({ apiKey, baseUrl, outbox })],
    controllers: [AuthController],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
  await app.listen(0, '127.0.0.1');
  if (freeze) {
    process.stdout.write('frozen\n');
    process.kill(process.pid, 'SIGSTOP');
  }
  await fetch(`${await app.getUrl()}/signup?aff=ann`, { method: 'POST' });
  const partnero = app.get(PartneroService);
  for (let i = 0; i < 500 && (await partnero.outbox.stats()).pending > 0; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  console.log(JSON.stringify((await partnero.outbox.stats()).outcomes));
  await app.close();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
