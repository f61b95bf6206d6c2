import 'reflect-metadata';
import {
  Module,
  type DynamicModule,
  type INestApplication,
  type NestApplicationOptions,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { PartneroModule, sqliteOutbox, type PartneroModuleOptions } from 'nestjs-partnero';
import type { FakePartnero } from 'nestjs-partnero/testing';
import { CapturingLogger } from './logger.js';
import { temporaryFolder } from './temporary-folder.js';

export type AdapterName = 'express' | 'fastify';
export const ADAPTERS: AdapterName[] = ['express', 'fastify'];

export interface AppSetup {
  adapter?: AdapterName;
  controllers?: Type[];
  providers?: unknown[];
  imports?: (Type | DynamicModule)[];
  options?: NestApplicationOptions;
  /** Default: any that is free. */
  port?: number;
  /** Called before `listen`. */
  prepare?: (app: INestApplication) => void | Promise<void>;
}

export interface RunningApp {
  app: INestApplication;
  url: string;
  logger: CapturingLogger;
  close(): Promise<void>;
}

const running = new Set<RunningApp>();

/** A real app on a real port. */
export async function startApp(setup: AppSetup): Promise<RunningApp> {
  const { adapter = 'express', controllers = [], providers = [], imports = [] } = setup;
  @Module({ imports, controllers, providers: providers as Type[] })
  class AppModule {}
  const logger = new CapturingLogger();
  const app = await NestFactory.create(
    AppModule,
    adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter(),
    { logger, abortOnError: false, ...setup.options },
  );
  await setup.prepare?.(app);
  await app.listen(setup.port ?? 0, '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  const close = async () => {
    if (running.delete(started)) await app.close();
  };
  const started: RunningApp = { app, url, logger, close };
  running.add(started);
  return started;
}

/** For `afterEach`. */
export async function closeApps(): Promise<void> {
  await Promise.all([...running].map((started) => started.close()));
}

/** The module on a fake, with an outbox of its own and no waiting between attempts. */
export function partnero(
  fake: FakePartnero,
  options: PartneroModuleOptions & { name?: string; isGlobal?: boolean } = {},
): DynamicModule {
  return PartneroModule.forRoot({
    apiKey: fake.apiKey,
    baseUrl: fake.baseUrl,
    verifyOnBoot: false,
    // On machines of any speed; what is about time sets its own.
    acceptTimeoutMs: 10_000,
    outbox: sqliteOutbox({ path: `${temporaryFolder()}/outbox.db` }),
    ...options,
    delivery: { initialBackoffMs: 10, maxBackoffMs: 50, ...options.delivery },
  });
}
