import { setTimeout as sleep } from 'node:timers/promises';
import { bullmqOutbox } from 'nestjs-partnero/bullmq';
import type { SubmittedJob } from '#lib/outbox/job.js';
import { OutboxHarness } from '../outbox/conformance/harness.js';
import { eventually } from '../support/eventually.js';
import { endRedisServers, RedisServer } from '../support/redis-server.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

const SECOND_IN_DAYS = 1 / 86_400;

let redis: RedisServer;
let prefixes = 0;
const on = new OutboxHarness();
const prefix = () => `kept-${prefixes}`;

beforeAll(async () => {
  redis = await RedisServer.start('--rdbcompression', 'no');
});

beforeEach(async () => {
  prefixes += 1;
  await on.begin(() => () => bullmqOutbox({ connection: { url: redis.url }, prefix: prefix() }));
});

afterEach(() => on.end());

afterAll(async () => {
  await endRedisServers();
  removeTemporaryFolders();
});

const keysIn = (pattern: string) =>
  redis.ask((client) => client.keys(`${prefix()}:partnero.books:${pattern}`));
const brief = (days = SECOND_IN_DAYS) => on.start({ ledgerDays: days });

describe('the ledger in Redis', () => {
  it('tells what ended for ledgerDays, and no longer; the numbers stay', async () => {
    on.outbox = await brief();
    await on.add('a');
    await on.settle((await on.claimAll())[0]!);
    expect(await on.outbox.find('a')).toHaveLength(1);
    await eventually(async () => (await on.outbox.find('a')).length === 0);
    expect(await keysIn('ledger:*')).toEqual([]);
    expect(await on.outbox.stats()).toMatchObject({ accepted: 1, outcomes: { attributed: 1 } });
  });

  it('forgets what is old though something new ends in the same lane', async () => {
    on.outbox = await brief();
    for (let i = 0; i < 3; i += 1) {
      await on.add('a', `${i}`);
      await on.settle((await on.claimAll())[0]!);
      await sleep(600);
    }
    const [ledger] = await keysIn('ledger:*');
    expect(await redis.ask((client) => client.llen(ledger!))).toBeLessThan(3);
  });

  it('keeps nothing at all with ledgerDays: 0', async () => {
    on.outbox = await brief(0);
    await on.add('a');
    await on.settle((await on.claimAll())[0]!);
    expect(await on.outbox.find('a')).toEqual([]);
    expect(await keysIn('ledger:*')).toEqual([]);
  });

  it('frees a key when it forgets who held it', async () => {
    const ifTaken = { same: 'duplicate', different: 'conflict', withdrawn: 'refunded' };
    const key = { value: 'inv-1', digest: '49.00', ifTaken };
    const sale: SubmittedJob = { ...on.job('a'), kind: 'transaction', key };
    on.outbox = await brief();
    await on.outbox.submit(sale);
    await on.settle((await on.claimAll())[0]!, 'recorded');
    expect((await on.outbox.submit(sale)).outcome).toBe('duplicate');
    await eventually(async () => (await keysIn('key:*')).length === 0);
    expect((await on.outbox.submit(sale)).outcome).toBeNull();
  });

  it('what is pending stays, however old', async () => {
    on.outbox = await brief();
    await on.add('a');
    await on.outbox.fail((await on.claimAll())[0]!, on.failure({ delayMs: 1_200 }));
    await sleep(1_500);
    expect(await on.claimAll()).toMatchObject([{ lane: 'a' }]);
  });

  it('what is dead is kept for ledgerDays too; then those behind it go on', async () => {
    await on.add('a', '1');
    await on.add('a', '2');
    await on.outbox.fail((await on.claimAll())[0]!, on.failure({ maxAgeMs: 0 }));
    await sleep(1_100);
    expect(await on.claimAll()).toEqual([]);
    // At its start, an app cleans up.
    const other = await brief();
    await eventually(async () => (await keysIn('row:*')).length === 1);
    expect(await on.claimAll(other)).toMatchObject([{ payload: '2' }]);
    expect(await on.deadOf()).toEqual([]);
    expect(await on.outbox.stats()).toMatchObject({ accepted: 2, pending: 1, dead: 1 });
  });

  it('holds nothing that a settled job said', async () => {
    await on.add('a', '{"email":"ada@example.com"}');
    await on.settle((await on.claimAll())[0]!);
    const dump = await redis.ask(async (client) => {
      const keys = await client.keys(`${prefix()}:*`);
      const values = await Promise.all(keys.map((key) => client.dump(key)));
      return [...keys, ...values].join();
    });
    expect(dump).toContain('ledger:a');
    expect(dump).not.toContain('ada@example.com');
  });
});
