import { sqliteOutbox } from 'nestjs-partnero';
import { bullmqOutbox } from 'nestjs-partnero/bullmq';
import { outboxConformance } from 'nestjs-partnero/testing';
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

outboxConformance({
  name: 'BullMQ with a fallback',
  exactCounts: false,
  make: () => {
    const prefix = redis.newName();
    const fallback = sqliteOutbox({ path: `${temporaryFolder()}/outbox.db` });
    return { definition: () => bullmqOutbox({ connection: redis.url, prefix, fallback }) };
  },
});
