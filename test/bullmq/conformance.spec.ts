import { bullmqOutbox } from 'nestjs-partnero/bullmq';
import { strictOutboxConformance } from '../outbox/conformance/strict-conformance.js';
import { onRedis, type Place } from '../support/stores.js';

let redis: Place;

beforeAll(async () => {
  redis = await onRedis();
});

afterAll(() => redis.leave());

strictOutboxConformance({
  name: 'BullMQ',
  exactCounts: false,
  make: () => {
    const prefix = redis.newName();
    return { definition: () => bullmqOutbox({ connection: redis.url, prefix }) };
  },
});
