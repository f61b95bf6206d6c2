import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { moduleOf, type Variant, type VariantSettings } from './variants.js';

/** What the bench tells this process at its start. */
export interface ServerTask {
  readonly variant: Variant;
  readonly adapter: 'express' | 'fastify';
  readonly settings: VariantSettings;
}

const { variant, adapter, settings } = JSON.parse(process.argv[2] ?? '') as ServerTask;
const app = await NestFactory.create(
  moduleOf(variant, settings),
  adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter(),
  { logger: ['error', 'fatal'] },
);
await app.listen(0, '127.0.0.1');
process.send?.({ url: await app.getUrl() });
process.on('message', () => process.send?.(process.cpuUsage()));
process.on('disconnect', () => process.exit());
