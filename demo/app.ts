import { Body, ConflictException, Controller, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AttributeReferral, PartneroModule, PartneroService, sqliteOutbox } from 'nestjs-partnero';

/** What the story tells this app at its start. */
export interface AppTask {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly path: string;
}

const { apiKey, baseUrl, path } = JSON.parse(process.argv[2] ?? '') as AppTask;
const taken = new Set(['taken@example.com']);

@Controller()
class AuthController {
  @Post('signup')
  @AttributeReferral()
  signUp(@Body() { id, email }: { id: string; email: string }) {
    if (taken.has(email)) throw new ConflictException();
    return { id, email };
  }
}

@Module({
  imports: [PartneroModule.forRoot({ apiKey, baseUrl, outbox: sqliteOutbox({ path }) })],
  controllers: [AuthController],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false });
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
process.send?.({ url: await app.getUrl() });
process.on('message', () => {
  void app
    .get(PartneroService)
    .outbox.stats()
    .then((stats) => process.send?.({ stats }));
});
process.on('disconnect', () => process.exit());
