import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AttributeReferral, PartneroModule, PartneroService, sqliteOutbox } from 'nestjs-partnero';
import { bullmqOutbox } from 'nestjs-partnero/bullmq';

@Controller()
class AuthController {
  constructor(private readonly partnero: PartneroService) {}

  @Post('signup')
  @AttributeReferral()
  signUp(@Body() user: { id: string; email: string }) {
    return user;
  }

  @Get('stats')
  stats() {
    return this.partnero.outbox.stats();
  }
}

@Module({
  imports: [
    PartneroModule.forRoot({
      // Redis is at REDIS_URL. A file on this machine saves the jobs that Redis can't take in time.
      outbox: bullmqOutbox({
        fallback: sqliteOutbox(),
        // Short, so that the sample ends soon. Default: 15 seconds.
        leaseMs: 3_000,
      }),
    }),
  ],
  controllers: [AuthController],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1');
process.send?.(await app.getUrl());
