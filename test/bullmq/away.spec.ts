import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Param, Post } from '@nestjs/common';
import {
  AttributeReferral,
  PartneroService,
  sqliteOutbox,
  type DeliveryOptions,
  type Outcome,
} from 'nestjs-partnero';
import { bullmqOutbox } from 'nestjs-partnero/bullmq';
import { FakePartnero } from 'nestjs-partnero/testing';
import { closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { endRedisServers, freePort, RedisServer } from '../support/redis-server.js';
import { settled, visit } from '../support/sign-up-client.js';
import { endProxies, TcpProxy } from '../support/tcp-proxy.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

@Controller()
class AuthController {
  @Post('signup/:id')
  @AttributeReferral()
  signup(@Param('id') id: string) {
    return { id };
  }

  /** Answered 400 after the attribution was kept. */
  @Post('failing/:id')
  @AttributeReferral()
  failing(@Param('id') id: string) {
    return { id };
  }
}

let fake: FakePartnero;
let redis: RedisServer;
let proxy: TcpProxy;
let outcomes: Outcome[];
let prefixes = 0;

beforeAll(async () => {
  redis = await RedisServer.start();
  proxy = await TcpProxy.start(redis.port);
});

beforeEach(async () => {
  outcomes = [];
  prefixes += 1;
  fake = await FakePartnero.start({ partners: ['ann'] });
});

afterEach(async () => {
  redis.signal('SIGCONT');
  proxy.retarget(redis.port);
  proxy.unmute();
  await closeApps();
  await fake.stop();
});

afterAll(async () => {
  await endProxies();
  await endRedisServers();
  removeTemporaryFolders();
});

interface ClientOptions {
  maxRetriesPerRequest?: number;
  autoResendUnfulfilledCommands?: boolean;
}

interface Setup {
  port?: number;
  delivery?: DeliveryOptions;
  /** Of the client. */
  client?: ClientOptions;
  /** The file of the outbox on this machine, if it has one. */
  file?: string;
  acceptTimeoutMs?: number;
  prepare?: Parameters<typeof startApp>[0]['prepare'];
}

function start(setup: Setup): Promise<RunningApp> {
  const { port = proxy.port, file, acceptTimeoutMs, delivery, client, prepare } = setup;
  const fallback = file === undefined ? undefined : sqliteOutbox({ path: file });
  return startApp({
    imports: [
      partnero(fake, {
        acceptTimeoutMs,
        delivery,
        outbox: bullmqOutbox({
          connection: { host: '127.0.0.1', port, ...client },
          prefix: `away-${prefixes}`,
          fallback,
          leaseMs: 2_000,
        }),
        onOutcome: (outcome) => outcomes.push(outcome),
      }),
    ],
    controllers: [AuthController],
    ...(prepare ? { prepare } : {}),
  });
}

const file = () => `${temporaryFolder()}/outbox.db`;
const stats = ({ app }: RunningApp) => app.get(PartneroService).outbox.stats();
const requests = () => fake.requestsTo('POST /customers');

async function signUp({ url }: RunningApp, id: string, route = 'signup'): Promise<number> {
  const from = performance.now();
  await visit(`${url}/${route}/${id}`, { partner: 'ann' });
  return performance.now() - from;
}

/** An interceptor outside of ours that fails, once the attribution is kept. */
const failingOutside: Setup['prepare'] = (app) =>
  void app.use('/failing', (_: unknown, response: FailingResponse, next: () => void) => {
    const { writeHead } = response;
    response.writeHead = (...[, ...rest]: unknown[]) => writeHead.call(response, 400, ...rest);
    next();
  });

interface FailingResponse {
  writeHead: (...args: unknown[]) => unknown;
}

describe('a sign-up while Redis stands still', () => {
  it('is kept on this machine, in time, and moves over when Redis is back', async () => {
    const app = await start({ file: file() });
    await signUp(app, 'before');
    await eventually(() => fake.customers.length === 1);
    redis.signal('SIGSTOP');
    const times = [];
    for (let i = 0; i < 5; i += 1) times.push(await signUp(app, `${i}`));
    // Only the first finds out.
    expect(Math.max(...times)).toBeLessThan(400);
    expect(times.toSorted((a, b) => a - b)[2]).toBeLessThan(100);
    expect(outcomes.filter(({ outcome }) => outcome === 'accept_timeout')).toEqual([]);
    expect(app.logger.ours('warn').join()).toContain('move over as soon as it does');
    await sleep(100);
    expect(fake.customers).toHaveLength(1);
    redis.signal('SIGCONT');
    expect(await settled(app.app, 6)).toMatchObject({ outcomes: { attributed: 6 } });
    expect(requests()).toHaveLength(6);
  });

  it('waits in memory, behind its response, if there is no fallback', async () => {
    const app = await start({ acceptTimeoutMs: 50 });
    redis.signal('SIGSTOP');
    expect(await signUp(app, '1')).toBeLessThan(300);
    expect(outcomes).toEqual([]);
    redis.signal('SIGCONT');
    expect(await settled(app.app, 1)).toMatchObject({ outcomes: { attributed: 1 } });
    expect(outcomes).toMatchObject([{ outcome: 'attributed', late: true }]);
  });
});

describe('a Redis that is down when the app starts', () => {
  it('fails no boot; sign-ups are kept on this machine, and move over', async () => {
    const port = await freePort();
    const from = performance.now();
    const app = await start({ port, file: file() });
    expect(performance.now() - from).toBeLessThan(5_000);
    expect(app.logger.ours('error').join()).toContain('Redis is away (ECONNREFUSED)');
    expect(await signUp(app, '1')).toBeLessThan(250);
    await expect(stats(app)).rejects.toThrow('ECONNREFUSED');
    const late = await RedisServer.startOn(port);
    expect(await settled(app.app, 1)).toMatchObject({
      outcomes: { attributed: 1 },
      storage: { ok: true },
    });
    await app.close();
    await late.end();
  }, 30_000);

  it('is said once a minute, and sign-ups wait, if there is no fallback', async () => {
    const port = await freePort();
    const app = await start({ port, acceptTimeoutMs: 50 });
    for (let i = 0; i < 5; i += 1) expect(await signUp(app, `${i}`)).toBeLessThan(300);
    expect(app.logger.ours('error').filter((line) => line.includes('The outbox'))).toHaveLength(1);
    const late = await RedisServer.startOn(port);
    expect(await settled(app.app, 5)).toMatchObject({ outcomes: { attributed: 5 } });
    await app.close();
    await late.end();
  }, 30_000);
});

describe('an answer of Redis that got lost', () => {
  const inRedis = async () => {
    const keys = await redis.ask((client) => client.keys(`away-${prefixes}:partnero.books:row:*`));
    return keys.length;
  };

  it('makes nothing arrive twice, though it is kept on this machine too', async () => {
    const app = await start({ file: file() });
    proxy.mute();
    for (let i = 0; i < 5; i += 1) await signUp(app, `${i}`);
    // The first was sent to Redis; after that it was known not to answer.
    expect(await inRedis()).toBe(1);
    proxy.unmute();
    expect(await settled(app.app, 5)).toMatchObject({ outcomes: { attributed: 5 } });
    expect(requests()).toHaveLength(5);
    expect(fake.customers).toHaveLength(5);
  });

  it('nor if the one in Redis is delivered, and settled, before the other moves', async () => {
    const path = file();
    const app = await start({ file: path });
    proxy.mute();
    await signUp(app, '1');
    await app.close();
    // Another process takes it over from the one that is gone; it has no such file.
    proxy.unmute();
    const other = await start({});
    await settled(other.app, 1);
    const again = await start({ file: path });
    await eventually(() => again.logger.text.includes('1 accepted jobs have moved'));
    expect(await settled(again.app, 1)).toMatchObject({ outcomes: { attributed: 1 } });
    expect(requests()).toHaveLength(1);
  }, 30_000);

  it('attributes nobody whose sign-up failed', async () => {
    const app = await start({ file: file(), prepare: failingOutside });
    proxy.mute();
    await signUp(app, '1', 'failing');
    expect(await inRedis()).toBe(1);
    proxy.unmute();
    await eventually(async () => (await inRedis()) === 0);
    await sleep(100);
    expect(requests()).toEqual([]);
    expect(await stats(app)).toMatchObject({ pending: 0 });
  });

  it('leaves nothing behind with this process, if there is no fallback', async () => {
    const app = await start({ acceptTimeoutMs: 50 });
    proxy.mute();
    await signUp(app, '1');
    proxy.unmute();
    expect(await settled(app.app, 1)).toMatchObject({ outcomes: { attributed: 1 } });
    expect(requests()).toHaveLength(1);
  });
});

describe('a connection that breaks while a job is claimed', () => {
  beforeEach(() => {
    // Then it has to be claimed from Redis.
    fake.misbehave({ type: 'status', status: 500 }, { on: 'POST /customers', times: 1 });
  });

  it('leaves it with nobody, when Redis gave it to this process and could not say so', async () => {
    const app = await start({});
    await signUp(app, 'claimed');
    proxy.loseAnswer('claimed');
    expect(await settled(app.app, 1)).toMatchObject({ outcomes: { attributed: 1 } });
    expect(proxy.hasCaught).toBe(true);
    expect(requests()).toHaveLength(2);
  });

  it.each<[string, ClientOptions]>([
    ['asks again', {}],
    ['says that it got no answer', { maxRetriesPerRequest: 0 }],
    ['says nothing', { autoResendUnfulfilledCommands: false }],
  ])('nor when Redis hears of it only later, of a client that %s', async (_, client) => {
    // By this, ten seconds added, a request for jobs is told from others.
    const app = await start({ delivery: { ambiguousGraceMs: 54_321 }, client });
    await signUp(app, 'claimed');
    proxy.holdBack('64321');
    await eventually(() => proxy.hasCaught);
    // It is connected again, and has asked for others.
    await eventually(() => stats(app));
    await sleep(100);
    proxy.letThrough();
    expect(await settled(app.app, 1)).toMatchObject({ outcomes: { attributed: 1 } });
    expect(requests()).toHaveLength(2);
  });
});

it('a sign-up that Redis hears of once more, and late, is not delivered again', async () => {
  const app = await start({});
  proxy.holdBack('late-one');
  await signUp(app, 'late-one');
  expect(await settled(app.app, 1)).toMatchObject({ outcomes: { attributed: 1 } });
  expect(proxy.hasCaught).toBe(true);
  proxy.letThrough();
  await sleep(100);
  expect(await stats(app)).toMatchObject({ accepted: 1, pending: 0 });
  expect(requests()).toHaveLength(1);
});

it('a Redis that becomes a replica, and keeps its connections, is left for the one that writes', async () => {
  const before = await RedisServer.start();
  const way = await TcpProxy.start(before.port);
  const app = await start({ port: way.port });
  await signUp(app, '1');
  await settled(app.app, 1);
  const next = await RedisServer.start('--replicaof', '127.0.0.1', String(before.port));
  await next.waitUntilInSync();
  await next.waitForAllOf(before);
  await next.ask((client) => client.replicaof('NO', 'ONE'));
  way.redirect(next.port);
  await before.ask((client) => client.replicaof('127.0.0.1', String(next.port)));
  await signUp(app, '2');
  expect(await settled(app.app, 2)).toMatchObject({ outcomes: { attributed: 2 } });
});

it('a Redis that has forgotten its scripts is told them again', async () => {
  const app = await start({});
  await signUp(app, '1');
  await settled(app.app, 1);
  await redis.ask((client) => client.script('FLUSH'));
  await signUp(app, '2');
  expect(await settled(app.app, 2)).toMatchObject({ outcomes: { attributed: 2 } });
});

it('what waits for its turn while others may have it is sent by nobody twice', async () => {
  fake.misbehave({ type: 'slow', ms: 3_000 });
  const cutOff = await start({ delivery: { concurrency: 2 } });
  for (const id of ['1', '2', '3', '4']) await signUp(cutOff, id);
  await eventually(() => requests().length === 2);
  proxy.refuse();
  const other = await start({ port: redis.port });
  await eventually(() => requests().length === 6);
  // The first two are answered, and it would go on with the others.
  await eventually(() => fake.customers.length === 4);
  proxy.retarget(redis.port);
  await settled(other.app, 4);
  await signUp(cutOff, '5');
  await settled(cutOff.app, 5);
  const sent = requests().map(({ body }) => (body as { key: string }).key);
  expect(sent.filter((key) => key === '3' || key === '4')).toHaveLength(2);
}, 60_000);

describe('a sale while Redis is away', () => {
  const record = (app: RunningApp) =>
    app.app.get(PartneroService).transactions.record({
      key: 'inv-1',
      customer: { key: '1' },
      amount: { amount: '49.00', currency: 'USD' },
    });

  async function recorded(app: RunningApp): Promise<void> {
    await eventually(async () => (await stats(app)).pending === 0);
    expect((await stats(app)).kinds['transaction']!.outcomes['recorded']).toBe(1);
    expect(fake.transactions).toHaveLength(1);
  }

  it('is refused, for whoever told of it to tell again; then it is recorded once', async () => {
    const app = await start({ file: file() });
    await signUp(app, '1');
    proxy.refuse();
    await expect(record(app)).rejects.toMatchObject({ kind: 'outbox_unavailable' });
    // Known to be away by now.
    await expect(record(app)).rejects.toMatchObject({ code: 'away', ambiguous: false });
    proxy.retarget(redis.port);
    await eventually(() => record(app).catch(() => false));
    await recorded(app);
  }, 30_000);

  it('may be kept all the same if only the answer is lost; it is recorded once', async () => {
    const app = await start({});
    await signUp(app, '1');
    await eventually(() => fake.customers.length === 1);
    proxy.mute();
    await expect(record(app)).rejects.toMatchObject({ code: 'no_answer', ambiguous: true });
    proxy.unmute();
    await eventually(async () => (await record(app)).outcome === 'duplicate');
    await recorded(app);
  }, 30_000);
});

describe('what is kept on this machine', () => {
  it('moves over though the process that kept it is gone', async () => {
    const path = file();
    const app = await start({ file: path });
    proxy.refuse();
    await signUp(app, '1');
    await signUp(app, '2');
    await app.close();
    proxy.retarget(redis.port);
    const next = await start({ file: path });
    expect(await settled(next.app, 2)).toMatchObject({ outcomes: { attributed: 2 } });
    expect(requests()).toHaveLength(2);
  }, 30_000);

  it('is found, counted and forgotten', async () => {
    const app = await start({ file: file() });
    const { outbox } = app.app.get(PartneroService);
    await fake.down();
    proxy.refuse();
    await signUp(app, '1');
    await signUp(app, '1');
    proxy.retarget(redis.port);
    await eventually(async () => (await outbox.find({ customerKey: '1' })).length === 2);
    // For a moment, one that moves is in both places.
    await eventually(async () => {
      expect(await stats(app)).toMatchObject({ accepted: 2, pending: 2 });
      return true;
    });
    await eventually(async () => {
      const { forgotten } = await outbox.forget({ customerKey: '1' });
      return forgotten > 0 && (await outbox.find({ customerKey: '1' })).length === 0;
    });
    await fake.up();
    await eventually(async () => {
      expect(await stats(app)).toMatchObject({ accepted: 2, pending: 0 });
      return true;
    });
    expect(requests()).toEqual([]);
  }, 30_000);
});

describe('a file that was the outbox of the app before', () => {
  it('keeps what is pending in it, and this is said', async () => {
    const path = file();
    await fake.down();
    const before = await startApp({
      imports: [partnero(fake, { outbox: sqliteOutbox({ path }) })],
      controllers: [AuthController],
    });
    await signUp(before, 'before');
    await before.close();
    const app = await start({ file: path });
    await eventually(() => app.logger.ours('error').length > 0);
    expect(app.logger.ours('error').join()).toContain(`1 jobs in ${path} are not delivered`);
    proxy.refuse();
    await signUp(app, 'after');
    proxy.retarget(redis.port);
    await fake.up();
    expect(await settled(app.app, 1)).toMatchObject({ outcomes: { attributed: 1 } });
    await app.close();
    expect(fake.customers.map(({ key }) => key)).toEqual(['after']);
    const once = await startApp({ imports: [partnero(fake, { outbox: sqliteOutbox({ path }) })] });
    await eventually(() => fake.customers.length === 2);
    await once.close();
    const again = await start({ file: path });
    expect(again.logger.ours('error')).toEqual([]);
  });
});

describe('a Redis whose memory is full', () => {
  it('is noticed; sign-ups go on', async () => {
    const full = await RedisServer.start('--maxmemory', '3mb', '--maxmemory-policy', 'noeviction');
    const app = await start({ port: full.port });
    await full
      .ask(async (client) => {
        for (let i = 0; i < 1_000; i += 1) await client.set(`fill-${i}`, 'x'.repeat(10_000));
      })
      .catch(() => {});
    expect(await signUp(app, '1')).toBeLessThan(300);
    await eventually(() => outcomes.some(({ outcome }) => outcome === 'accept_failed'));
    expect(app.logger.ours('error').join()).toContain('OOM');
    await full.ask((client) => client.flushall());
    await app.close();
    await full.end();
  });
});
