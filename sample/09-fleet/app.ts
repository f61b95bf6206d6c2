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
      baseUrl: process.env['PARTNERO_BASE_URL'],
      // Redis is where REDIS_URL says. What it can't take in time is kept in a file on this machine.
      outbox: bullmqOutbox({
        fallback: sqliteOutbox(),
        // So short only that you need not wait long; by default it is 15 seconds.
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
