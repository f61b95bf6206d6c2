import { sqliteOutbox } from 'nestjs-partnero';
import { bullmqOutbox } from 'nestjs-partnero/bullmq';
import type { OutboxDefinition } from '#lib/outbox/outbox.js';
import { outboxConformance } from '../outbox/conformance/index.js';
import { endRedisServers, RedisServer } from '../support/redis-server.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

let redis: RedisServer;
let stores = 0;

beforeAll(async () => {
  redis = await RedisServer.start();
});

afterAll(async () => {
  await endRedisServers();
  removeTemporaryFolders();
});

outboxConformance('BullMQ', () => {
  const prefix = `test-${(stores += 1)}`;
  return (): OutboxDefinition => bullmqOutbox({ connection: { url: redis.url }, prefix });
});

outboxConformance('BullMQ, with a fallback', () => {
  const prefix = `test-${(stores += 1)}`;
  const fallback = sqliteOutbox({ path: `${temporaryFolder()}/outbox.db` });
  return (): OutboxDefinition => bullmqOutbox({ connection: { url: redis.url }, prefix, fallback });
});
