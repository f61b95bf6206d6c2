import { bullmqOutbox } from 'nestjs-partnero/bullmq';
import { describeChannels } from '../support/channels.js';
import { onRedis, type Place } from '../support/stores.js';

let redis: Place;

beforeAll(async () => {
  redis = await onRedis();
});

afterAll(() => redis.leave());

describe('with bullmqOutbox()', () => {
  describeChannels(() => bullmqOutbox({ connection: { url: redis.url }, prefix: redis.newName() }));
});
