import 'reflect-metadata';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Body, Controller, Get, Module, Post, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { PartneroModuleOptions } from 'nestjs-partnero';
import type { CpuReply, Started, Variant } from './variants.js';

async function importsOf(variant: Variant): Promise<DynamicModule[]> {
  if (variant === 'peers') {
    await Promise.all([import('class-validator'), import('class-transformer')]);
    const { HttpModule } = await import('@nestjs/axios');
    return [HttpModule.register({})];
  }
  const { inlineOutbox, PartneroModule, sqliteOutbox } = await import('nestjs-partnero');
  const folder = mkdtempSync(join(tmpdir(), 'bench-start-'));
  const outbox =
    variant === 'inline' ? inlineOutbox() : sqliteOutbox({ path: join(folder, 'outbox.db') });
  const options: PartneroModuleOptions = { apiKey: 'key', baseUrl: 'http://127.0.0.1:9', outbox };
  return [PartneroModule.forRoot({ ...options, verifyOnBoot: false })];
}

/** The routes: one that has nothing to do with Partnero, and a sign-up. */
async function controllerFor(variant: Variant) {
  const isPlain = variant === 'without' || variant === 'peers';
  const decorate: MethodDecorator = isPlain
    ? () => {}
    : (await import('nestjs-partnero')).AttributeReferral();

  @Controller()
  class AppController {
    @Get('plain')
    plain() {
      return { ok: true };
    }

    @Post('signup')
    @decorate
    signUp(@Body() body: object) {
      return body;
    }
  }
  return AppController;
}

const variant = JSON.parse(process.argv[2]!) as Variant;
const imports = variant === 'without' ? [] : await importsOf(variant);

@Module({ imports, controllers: [await controllerFor(variant)] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false });
if (variant === 'inline' || variant === 'sqlite') {
  const { captureReferrals } = await import('nestjs-partnero');
  app.use(captureReferrals(app));
}
await app.listen(0, '127.0.0.1');
const cpu = (): CpuReply => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
const started: Started = {
  url: await app.getUrl(),
  cpuMs: cpu() / 1_000,
  wallMs: performance.now(),
  rssMb: process.memoryUsage.rss() / 1e6,
};
process.on('message', () => process.send?.(cpu()));
process.send?.(started);
