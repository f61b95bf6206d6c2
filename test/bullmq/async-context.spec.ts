import { bullmqOutbox } from 'nestjs-partnero/bullmq';
import { describeAsyncContext } from '../support/async-context.js';
import { onRedis, type Place } from '../support/stores.js';

let redis: Place;

beforeAll(async () => {
  redis = await onRedis();
});

afterAll(() => redis.leave());

describe('with bullmqOutbox()', () => {
  describeAsyncContext(() =>
    bullmqOutbox({ connection: { url: redis.url }, prefix: redis.newName() }),
  );
});
