import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { Controller, Param, Post } from '@nestjs/common';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { AttributeReferral, inlineOutbox, PartneroModule, PartneroService } from 'nestjs-partnero';
import { bullmqOutbox, type BullmqOutboxOptions } from 'nestjs-partnero/bullmq';
import { FakePartnero } from 'nestjs-partnero/testing';
import { lossesOf } from '#lib/bullmq/redis-checks.js';
import { closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { endRedisServers, RedisServer } from '../support/redis-server.js';
import { settled, visit } from '../support/sign-up-client.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

@Controller()
class AuthController {
  @Post('signup/:id')
  @AttributeReferral((user: { id: string }) => ({ ...user, email: `${user.id}@example.com` }))
  signup(@Param('id') id: string) {
    return { id };
  }
}

let fake: FakePartnero;
let redis: RedisServer;
let prefixes = 0;

beforeAll(async () => {
  redis = await RedisServer.start();
});

beforeEach(async () => {
  prefixes += 1;
  fake = await FakePartnero.start({ partners: ['ann'] });
});

afterEach(async () => {
  await closeApps();
  await fake.stop();
});

afterAll(async () => {
  await endRedisServers();
  removeTemporaryFolders();
});

const connection = () => ({ host: '127.0.0.1', port: redis.port });
const prefix = () => `queue-${prefixes}`;

function start(options: BullmqOutboxOptions, more: object = {}): Promise<RunningApp> {
  return startApp({
    imports: [partnero(fake, { outbox: bullmqOutbox(options), ...more })],
    controllers: [AuthController],
  });
}

const signUp = (app: RunningApp, id: string) =>
  visit(`${app.url}/signup/${id}`, { partner: 'ann' });
const outboxOf = ({ app }: RunningApp) => app.get(PartneroService).outbox;

async function withQueue<T>(work: (queue: Queue) => Promise<T>): Promise<T> {
  const queue = new Queue('partnero', { connection: connection(), prefix: prefix() });
  try {
    return await work(queue);
  } finally {
    await queue.close();
  }
}

describe('where the queue is', () => {
  it('may be a queue of @nestjs/bullmq', async () => {
    await fake.down();
    const app = await startApp({
      imports: [
        BullModule.forRoot({ connection: connection(), prefix: prefix() }),
        BullModule.registerQueue({ name: 'attributions' }),
        PartneroModule.forRootAsync({
          imports: [BullModule.registerQueue({ name: 'attributions' })],
          inject: [getQueueToken('attributions')],
          useFactory: (queue: Queue) => ({
            apiKey: fake.apiKey,
            baseUrl: fake.baseUrl,
            verifyOnBoot: false,
            delivery: { initialBackoffMs: 10, maxBackoffMs: 50 },
            outbox: bullmqOutbox({ queue }),
          }),
        }),
      ],
      controllers: [AuthController],
    });
    await signUp(app, '1');
    const queue = app.app.get<Queue>(getQueueToken('attributions'), { strict: false });
    await eventually(async () => (await queue.getDelayedCount()) > 0);
    expect(await outboxOf(app).stats()).toMatchObject({
      location: `the queue attributions of BullMQ on 127.0.0.1:${redis.port}`,
    });
    await fake.up();
    await settled(app.app, 1);
    expect(fake.customers).toHaveLength(1);
    await app.close();
    expect(app.logger.ours('error')).toEqual([]);
  });

  it('may be a client of ioredis, which stays the app’s own', async () => {
    const client = new Redis(redis.port, { maxRetriesPerRequest: null });
    const app = await start({ connection: client, prefix: prefix() });
    await signUp(app, '1');
    await settled(app.app, 1);
    await app.close();
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });

  it('may stand in REDIS_URL', async () => {
    const before = process.env['REDIS_URL'];
    process.env['REDIS_URL'] = redis.url;
    const app = await start({ prefix: prefix() });
    if (before === undefined) delete process.env['REDIS_URL'];
    else process.env['REDIS_URL'] = before;
    await signUp(app, '1');
    await settled(app.app, 1);
  });

  it('is another one for each program', async () => {
    const options = { connection: connection(), prefix: prefix() };
    const outbox = bullmqOutbox(options);
    const app = await startApp({
      imports: [partnero(fake, { outbox }), partnero(fake, { outbox, name: 'friends: A.B' })],
    });
    await app.app.get(PartneroService).attribute({ key: 'ann' }, { id: '1' });
    await settled(app.app, 1);
    const keys = await redis.ask((client) => client.keys(`${prefix()}:*program`));
    expect(keys.toSorted()).toEqual([
      `${prefix()}:partnero-friends%3A%20A%2EB.books:program`,
      `${prefix()}:partnero.books:program`,
    ]);
  });
});

describe('an operator', () => {
  it('who pauses the queue stops deliveries; sign-ups go on', async () => {
    const app = await start({ connection: connection(), prefix: prefix() });
    await signUp(app, '1');
    await settled(app.app, 1);
    await withQueue((queue) => queue.pause());
    await eventually(async () => (await outboxOf(app).stats()).paused?.reason === 'queue_paused');
    // Until it asks again, an idle process delivers what it accepts from memory.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect((await signUp(app, '2')).status).toBe(201);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await outboxOf(app).stats()).toMatchObject({ accepted: 2, pending: 1 });
    await withQueue((queue) => queue.resume());
    await settled(app.app, 2);
  });

  it('sees nothing that a customer said', async () => {
    await fake.down();
    const app = await start({ connection: connection(), prefix: prefix() });
    await signUp(app, '1');
    const jobs = await eventually(async () => {
      const found = await withQueue((queue) => queue.getJobs());
      return found.length > 0 && found;
    });
    expect(jobs[0]).toMatchObject({ name: 'attribution', data: {} });
    const events = await redis.ask((client) =>
      client.xrange(`${prefix()}:partnero:events`, '-', '+'),
    );
    expect(JSON.stringify([jobs.map((job) => job.toJSON()), events])).not.toContain('example.com');
  });

  it('who throws away jobs of BullMQ’s loses none of ours', async () => {
    await fake.down();
    const app = await start({ connection: connection(), prefix: prefix() });
    for (let i = 0; i < 5; i += 1) await signUp(app, `${i}`);
    await app.close();
    await withQueue((queue) => queue.obliterate({ force: true }));
    await fake.up();
    // An app cleans up at its start, and every hour.
    const next = await start({ connection: connection(), prefix: prefix() });
    expect(await settled(next.app, 5)).toMatchObject({ outcomes: { attributed: 5 } });
  });
});

describe('at boot', () => {
  const start2 = (server: RedisServer, options = {}) =>
    start({ connection: { host: '127.0.0.1', port: server.port, ...options }, prefix: prefix() });

  it('a Redis that may forget is said, once', async () => {
    const settings = '--appendonly no --maxmemory 100mb --maxmemory-policy allkeys-lru';
    const careless = await RedisServer.start(...settings.split(' '));
    const app = await start2(careless);
    await eventually(() => app.logger.ours('warn').length > 0);
    expect(app.logger.ours('warn')).toHaveLength(1);
    expect(app.logger.ours('warn')[0]).toMatch(
      /maxmemory-policy is allkeys-lru.*appendonly is off/,
    );
    await app.close();
    await careless.end();
  });

  it('one that doesn’t, isn’t', async () => {
    const app = await start2(redis);
    await signUp(app, '1');
    await settled(app.app, 1);
    expect(app.logger.ours('warn')).toEqual([]);
    expect(lossesOf('# nothing that is known')).toEqual([]);
  });

  it('a password that is refused fails it, and says so', async () => {
    const locked = await RedisServer.start('--requirepass', 'secret-1');
    await expect(start2(locked, { password: 'secret-2' })).rejects.toThrow(/WRONGPASS.*connection/);
    await expect(start2(locked)).rejects.toThrow(/NOAUTH/);
    const app = await start2(locked, { password: 'secret-1' });
    expect(app.logger.text).not.toContain('secret-1');
    await app.close();
    await locked.end();
  }, 30_000);
});

describe('the options of bullmqOutbox()', () => {
  const queue = { name: 'x', opts: { connection: {} } } as unknown as Queue;
  it.each<[string, BullmqOutboxOptions, string]>([
    ['neither connection nor queue', {}, 'needs Redis: give connection or queue, or set REDIS_URL'],
    ['both', { queue, prefix: 'x' }, 'brings its own connection, prefix and name'],
    ['no queue', { queue: 'x' as unknown as Queue }, 'is no queue of BullMQ'],
    ['a mistyped name', { conection: {} } as BullmqOutboxOptions, 'conection is not an option'],
    ['a colon', { connection: {}, queueName: 'a:b' }, 'must not hold a colon'],
    ['a lease too short', { connection: {}, leaseMs: 10 }, 'leaseMs must be a number from 1000'],
    [
      'a fallback of no use',
      { connection: {}, fallback: inlineOutbox() },
      'must be sqliteOutbox()',
    ],
  ])('are checked: %s', (_, options, message) => {
    expect(() => bullmqOutbox(options)).toThrow(message);
  });
});
