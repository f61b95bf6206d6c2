import { createServer, type AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { captureReferrals } from 'nestjs-partnero';
import { connectToPartnero } from '../partnero.connection.js';
import { ApiModule } from './api.js';
import { FrontEndModule } from './app.js';
import { hostsAt } from './hosts.js';
import { WwwModule } from './www.js';

/** Three from PORT on, or any that are free: the pages name each other's. */
async function choosePorts(): Promise<{ www: number; app: number; api: number }> {
  const first = Number(process.env['PORT'] ?? 3000);
  if (first !== 0) return { www: first, app: first + 1, api: first + 2 };
  const servers = [createServer(), createServer(), createServer()];
  const [www, app, api] = await Promise.all(
    servers.map(async (server) => {
      await new Promise<void>((done) => server.listen(0, done));
      return (server.address() as AddressInfo).port;
    }),
  );
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return { www: www!, app: app!, api: api! };
}

async function listen(app: INestApplication, port: number): Promise<void> {
  app.enableShutdownHooks();
  await app.listen(port);
}

const { options } = await connectToPartnero();
const ports = await choosePorts();
const hosts = hostsAt(ports);

const www = await NestFactory.create(WwwModule.with(hosts));
www.use(captureReferrals(www));
await listen(www, ports.www);

const frontEnd = await NestFactory.create(FrontEndModule.with(hosts));
await listen(frontEnd, ports.app);

const api = await NestFactory.create(ApiModule.with(options));
api.enableCors({ origin: hosts.app, credentials: true });
await listen(api, ports.api);

console.log(`
  Open Ann's link in a browser:   ${hosts.www}/?aff=ann
  The status of a sign-up:        ${hosts.api}/status/<the id>
`);
