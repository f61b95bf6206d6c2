import { Body, Controller, Get, Module, Param, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  AttributeReferral,
  PartneroModule,
  PartneroService,
  sqliteOutbox,
  type PartneroModuleOptions,
} from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';

@Controller()
class AuthController {
  private lastId = 0;

  constructor(private readonly partnero: PartneroService) {}

  @Post('signup')
  @AttributeReferral()
  signUp(@Body() { email }: { email: string }) {
    return { id: `user-${(this.lastId += 1)}-${Date.now()}`, email };
  }

  @Get('status/:id')
  status(@Param('id') id: string) {
    return this.partnero.outbox.find({ customerKey: id });
  }
}

/** Without an API key, the app sends to a fake Partnero. */
async function startFake(): Promise<PartneroModuleOptions> {
  const { apiKey, baseUrl } = await FakePartnero.start({ partners: ['ann'] });
  const path = process.env['PARTNERO_OUTBOX_PATH'] ?? '.partnero/sample-without-key.db';
  return { apiKey, baseUrl, outbox: sqliteOutbox({ path }) };
}

const options = process.env['PARTNERO_API_KEY'] ? {} : await startFake();

@Module({ imports: [PartneroModule.forRoot(options)], controllers: [AuthController] })
class AppModule {}

const app = await NestFactory.create(AppModule, new FastifyAdapter());
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] ?? 3000));
console.log(`
  curl -X POST ${await app.getUrl()}/signup -H 'Cookie: partnero_partner=ann' \\
    -H 'Content-Type: application/json' -d '{"email":"ada@example.com"}'
  curl ${await app.getUrl()}/status/<the id>
`);
