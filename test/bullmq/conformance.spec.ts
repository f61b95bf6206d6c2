import { sqliteOutbox } from 'nestjs-partnero';
import { bullmqOutbox } from 'nestjs-partnero/bullmq';
import type { OutboxDefinition } from '#lib/outbox/outbox.js';
import { outboxConformance } from '../outbox/conformance/index.js';
import { onRedis, type Place } from '../support/stores.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

let redis: Place;

beforeAll(async () => {
  redis = await onRedis();
});

afterAll(async () => {
  await redis.leave();
  removeTemporaryFolders();
});

outboxConformance('BullMQ', () => {
  const prefix = redis.newName();
  return (): OutboxDefinition => bullmqOutbox({ connection: { url: redis.url }, prefix });
});

outboxConformance('BullMQ, with a fallback', () => {
  const prefix = redis.newName();
  const fallback = sqliteOutbox({ path: `${temporaryFolder()}/outbox.db` });
  return (): OutboxDefinition => bullmqOutbox({ connection: { url: redis.url }, prefix, fallback });
});
