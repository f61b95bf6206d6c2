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

const task = JSON.parse(process.argv[2] ?? '') as ServerTask;
const adapter = task.adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter();
const app = await NestFactory.create(moduleOf(task.variant, task.settings), adapter, {
  logger: ['error', 'fatal'],
});
await app.listen(0, '127.0.0.1');
process.send?.({ type: 'ready', port: app.getHttpServer().address().port });

process.on('message', (message) => {
  if (message === 'cpu') process.send?.({ type: 'cpu', usage: process.cpuUsage() });
  if (message === 'stop') void app.close().then(() => process.exit());
});
process.on('disconnect', () => process.exit());
