import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { Controller, Param, Post } from '@nestjs/common';
import { Queue } from 'bullmq';
import { Cluster, Redis } from 'ioredis';
import { AttributeReferral, PartneroModule, PartneroService } from 'nestjs-partnero';
import { bullmqOutbox, type BullmqOutboxOptions } from 'nestjs-partnero/bullmq';
import { FakePartnero } from 'nestjs-partnero/testing';
import { closeApps, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { endRedisServers, RedisServer } from '../support/redis-server.js';
import { newJob, RunningEngine } from '../support/running-engine.js';
import { visit } from '../support/sign-up-client.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

@Controller()
class AuthController {
  @Post('signup/:id')
  @AttributeReferral()
  signup(@Param('id') id: string) {
    return { id };
  }
}

const redisUrl = process.env['REDIS_URL'];
let redis: RedisServer;
let prefixes = 0;

beforeAll(async () => {
  redis = await RedisServer.start();
});

beforeEach(() => {
  prefixes += 1;
});

afterEach(async () => {
  if (redisUrl === undefined) delete process.env['REDIS_URL'];
  else process.env['REDIS_URL'] = redisUrl;
  await RunningEngine.closeAll();
  await closeApps();
});

afterAll(async () => {
  await endRedisServers();
  removeTemporaryFolders();
});

const connection = () => ({ host: '127.0.0.1', port: redis.port });
const prefix = () => `queue-${prefixes}`;

async function deliversOn(options: BullmqOutboxOptions): Promise<RunningEngine> {
  const app = await RunningEngine.open(bullmqOutbox(options));
  app.start();
  await app.add('a');
  await eventually(async () => (await app.engine.stats()).outcomes['attributed'] === 1);
  return app;
}

describe('the queue', () => {
  it('reports the end of a job once, also if a dashboard retries it after that', async () => {
    const app = await RunningEngine.open(
      bullmqOutbox({ connection: connection(), prefix: prefix() }),
    );
    const ends: string[] = [];
    app.start({ onEnd: ({ id }) => void ends.push(id) });
    const id = await app.add('a');
    await eventually(() => ends.length === 1);
    const queue = new Queue('partnero', { connection: connection(), prefix: prefix() });
    try {
      await eventually(async () => (await queue.getCompletedCount()) === 1);
      await (await queue.getJob(id))!.retry('completed');
      await app.add('b');
      await eventually(async () => (await queue.getCompletedCount()) === 2);
      // A job that comes later is reported later, too.
      const last = await app.add('c');
      await eventually(() => ends.includes(last));
      expect(ends).toHaveLength(3);
      expect(app.delivered).toEqual(['a', 'b', 'c']);
    } finally {
      await queue.close();
    }
  });

  it('may be one of @nestjs/bullmq, which an app injects', async () => {
    const fake = await FakePartnero.start({ partners: ['ann'] });
    const { port } = redis;
    const app = await startApp({
      imports: [
        BullModule.forRoot({ connection: connection(), prefix: prefix() }),
        PartneroModule.forRootAsync({
          imports: [BullModule.registerQueue({ name: 'attributions' })],
          inject: [getQueueToken('attributions')],
          useFactory: (queue: Queue) => ({
            apiKey: fake.apiKey,
            baseUrl: fake.baseUrl,
            outbox: bullmqOutbox({ queue }),
          }),
        }),
      ],
      controllers: [AuthController],
    });
    await visit(`${app.url}/signup/1`, { partner: 'ann' });
    await eventually(() => fake.customers.length === 1);
    const { location } = await app.app.get(PartneroService).outbox.stats();
    expect(location).toBe(`the queue attributions of BullMQ on 127.0.0.1:${port}`);
    await app.close();
    expect(app.logger.ours('error')).toEqual([]);
    await fake.stop();
  });

  it('may be reached through a client of ioredis, which stays open', async () => {
    const client = new Redis(redis.port);
    const app = await deliversOn({ connection: client, prefix: prefix() });
    await app.close();
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });

  it('may be on a cluster', async () => {
    const settings = '--cluster-enabled yes --cluster-announce-ip 127.0.0.1';
    const node = await RedisServer.start(...settings.split(' '));
    await node.ask((client) => client.cluster('ADDSLOTSRANGE', 0, 16_383));
    await eventually(async () =>
      (await node.ask((client) => client.cluster('INFO'))).includes('cluster_state:ok'),
    );
    const cluster = new Cluster([{ host: '127.0.0.1', port: node.port }]);
    cluster.on('error', () => {});
    const app = await deliversOn({ connection: cluster, prefix: '{bull}' });
    await app.close();
    cluster.disconnect();
    await node.end();
  });

  it('is another one for each program', async () => {
    const definition = bullmqOutbox({ connection: redis.url, prefix: prefix() });
    const app = new RunningEngine(definition, 'friends: A.B');
    await app.engine.open();
    expect(await definition.exists('friends: A.B')).toBe(true);
    expect(await definition.exists('default')).toBe(false);
    const keys = await redis.ask((client) => client.keys(`${prefix()}:*-program`));
    expect(keys).toEqual([`${prefix()}:partnero-friends%3A%20A%2EB-program`]);
  });

  it('hands its telemetry on to BullMQ', async () => {
    const spans: string[] = [];
    const span = {
      setSpanOnContext: (context: unknown) => context,
      setAttribute() {},
      setAttributes() {},
      addEvent() {},
      recordException() {},
      end() {},
    };
    const telemetry = {
      tracer: {
        startSpan: (name: string) => {
          spans.push(name);
          return span;
        },
      },
      contextManager: {
        with: (_: unknown, work: () => unknown) => work(),
        active: () => ({}),
        getMetadata: () => '',
        fromMetadata: () => ({}),
      },
    } as unknown as NonNullable<BullmqOutboxOptions['telemetry']>;
    await deliversOn({ connection: redis.url, prefix: prefix(), telemetry });
    expect(spans).toContain('add partnero.attribution');
    expect(spans).toContain('process partnero');
  });

  it('is not created by asking for a program', async () => {
    const definition = bullmqOutbox({ connection: redis.url, prefix: prefix() });
    expect(await definition.exists('default')).toBe(false);
    expect(await redis.ask((client) => client.keys(`${prefix()}:*`))).toEqual([]);
  });
});

describe('the address of Redis', () => {
  it('is read from REDIS_URL when the app starts, not when the options are written', async () => {
    delete process.env['REDIS_URL'];
    const definition = bullmqOutbox({ prefix: prefix() });
    const inOptions = bullmqOutbox({
      connection: { url: process.env['REDIS_URL'] as string },
      prefix: prefix(),
    });
    expect(() => new RunningEngine(definition)).toThrow('REDIS_URL');
    process.env['REDIS_URL'] = redis.url;
    for (const each of [definition, inOptions]) await RunningEngine.open(each);
    expect(await definition.exists('default')).toBe(true);
  });

  it('is logged and shown without its password', async () => {
    const url = `redis://user:secret@127.0.0.1:${redis.port}/0`;
    const app = new RunningEngine(bullmqOutbox({ connection: url, prefix: prefix() }));
    expect(app.engine.location).toBe(`the queue partnero of BullMQ on 127.0.0.1:${redis.port}`);
    await app.engine.open().catch(() => {});
    expect(app.lines.join()).not.toContain('secret');
  });
});

describe('at the start of the app', () => {
  const openOn = (server: RedisServer, more = {}) =>
    RunningEngine.open(
      bullmqOutbox({ connection: { host: '127.0.0.1', port: server.port, ...more } }),
    );

  it('a Redis that may lose jobs is logged once', async () => {
    const settings = '--appendonly no --maxmemory 100mb --maxmemory-policy allkeys-lru';
    const careless = await RedisServer.start(...settings.split(' '));
    const app = await openOn(careless);
    expect(app.lines).toHaveLength(1);
    expect(app.lines[0]).toMatch(/maxmemory-policy is allkeys-lru.*appendonly is off/);
    await app.close();
    await careless.end();
  });

  it('a Redis that loses nothing is not mentioned', async () => {
    const app = await RunningEngine.open(bullmqOutbox({ connection: redis.url, prefix: prefix() }));
    expect(app.lines).toEqual([]);
  });

  it('a rejected password stops the start', async () => {
    const locked = await RedisServer.start('--requirepass', 'secret-1');
    await expect(openOn(locked, { password: 'secret-2' })).rejects.toThrow(/WRONGPASS.*connection/);
    await expect(openOn(locked)).rejects.toThrow(/NOAUTH/);
    const app = await openOn(locked, { password: 'secret-1' });
    expect(app.lines).toEqual([]);
    await app.close();
    await locked.end();
  });
});

describe('the history in Redis', () => {
  const keys = () => redis.ask((client) => client.keys(`${prefix()}:*`));

  it('contains nothing of the payload of a completed job', async () => {
    const app = await deliversOn({ connection: redis.url, prefix: prefix() });
    await app.engine.submit(newJob('b', { payload: '{"email":"ada@example.com"}' }));
    await eventually(async () => (await app.engine.stats()).outcomes['attributed'] === 2);
    const contents = await redis.ask(async (client) => {
      const dumps = (await keys()).map(async (key) => {
        if ((await client.type(key)) === 'hash') return JSON.stringify(await client.hgetall(key));
        return (await client.dump(key)) ?? '';
      });
      return (await Promise.all(dumps)).join();
    });
    expect(contents).toContain('attributed');
    expect(contents).not.toContain('ada@example.com');
  });

  it('is kept for seven days by default, and its keys expire by themselves', async () => {
    await deliversOn({ connection: redis.url, prefix: prefix() });
    const history = (await keys()).find((key) => key.includes('-history:'));
    const seconds = await redis.ask((client) => client.ttl(history!));
    expect(seconds).toBeGreaterThan(7 * 86_400 - 60);
    expect(seconds).toBeLessThanOrEqual(7 * 86_400);
    expect((await keys()).filter((key) => key.includes('-pending:'))).toEqual([]);
  });

  it('keeps nothing but the counts with historyDays: 0', async () => {
    const definition = bullmqOutbox({ connection: redis.url, prefix: prefix() });
    const app = new RunningEngine(definition, 'default', 0);
    await app.engine.open();
    app.start();
    await app.engine.submit(newJob('a'));
    await eventually(async () => (await app.engine.stats()).outcomes['attributed'] === 1);
    await eventually(async () => (await app.engine.stats()).pending === 0);
    expect(await app.engine.find('a')).toEqual([]);
    expect((await keys()).filter((key) => /history|pending|[0-9a-f]{12}$/.test(key))).toEqual([]);
  });
});

it('A short lease shortens the time in which a sale may be sent after its checkpoint', async () => {
  const app = await RunningEngine.open(
    bullmqOutbox({ connection: connection(), prefix: prefix(), leaseMs: 1_200 }),
  );
  let sendWithinMs: number | undefined;
  app.start({
    deliver: (_job, _signal, checkpoint) => {
      ({ sendWithinMs } = checkpoint);
      return Promise.resolve({ type: 'completed', outcome: 'recorded' });
    },
  });
  await app.add('a');
  await eventually(() => sendWithinMs !== undefined);
  expect(sendWithinMs).toBe(1_000);
});

describe('the options of bullmqOutbox()', () => {
  const queue = { name: 'x', opts: { connection: {} } } as unknown as Queue;
  const local = 'redis://127.0.0.1';
  it.each<[string, BullmqOutboxOptions, string]>([
    ['a queue and a prefix', { queue, prefix: 'x' }, 'queue has its own connection, prefix'],
    ['a queue that is a name', { queue: 'x' as unknown as Queue }, 'queue must be a Queue'],
    [
      'a mistyped option',
      { conection: local } as BullmqOutboxOptions,
      'conection is not an option',
    ],
    ['a name with a colon', { connection: local, queueName: 'a:b' }, 'must not contain a colon'],
    ['a lease that is too short', { connection: local, leaseMs: 10 }, 'leaseMs must be a number'],
    ['a URL that is none of Redis', { connection: 'http://x' }, 'begins with redis://'],
    ['keyPrefix', { connection: { keyPrefix: 'x:' } }, 'must not set keyPrefix'],
    ['keyPrefix in the URL', { connection: `${local}?keyPrefix=x` }, 'must not set keyPrefix'],
    [
      'BullMQ as the fallback of itself',
      { connection: local, fallback: bullmqOutbox() },
      'fallback must be an outbox on this machine',
    ],
  ])('are refused when the app starts: %s', (_, options, message) => {
    const definition = bullmqOutbox(options);
    expect(() => new RunningEngine(definition)).toThrow(message);
  });

  it('are refused when the app starts: keyPrefix of a client', () => {
    const client = new Redis({ keyPrefix: 'x:', lazyConnect: true });
    const definition = bullmqOutbox({ connection: client });
    expect(() => new RunningEngine(definition)).toThrow('must not set keyPrefix');
  });

  it('are refused when the app starts: a cluster without braces in the prefix', () => {
    const client = new Cluster([{ port: 1 }], { lazyConnect: true });
    const definition = bullmqOutbox({ connection: client });
    expect(() => new RunningEngine(definition)).toThrow('prefix needs braces');
  });
});
