import { setTimeout as sleep } from 'node:timers/promises';
import { PgBoss } from 'pg-boss';
import { postgresOutbox } from 'nestjs-partnero/pg-boss';
import type { SubmittedJob } from '#lib/outbox/job.js';
import { OutboxHarness } from '../outbox/conformance/harness.js';
import { eventually } from '../support/eventually.js';
import { endPostgresServers, PostgresServer } from '../support/postgres-server.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

const SECOND_IN_DAYS = 1 / 86_400;

let postgres: PostgresServer;
let boss: PgBoss;
let schemas = 0;
const on = new OutboxHarness();

beforeAll(async () => {
  postgres = await PostgresServer.start();
  boss = await new PgBoss(postgres.url).start();
});

beforeEach(async () => {
  schemas += 1;
  const schema = `kept_${schemas}`;
  await on.begin(() => () => postgresOutbox({ boss, schema, leaseMs: 1_000 }));
});

afterEach(() => on.end());

afterAll(async () => {
  await boss.stop({ graceful: false });
  await endPostgresServers();
  removeTemporaryFolders();
});

const rowsIn = async (table: string) => {
  const text = `SELECT * FROM kept_${schemas}.outbox_${table}`;
  return (await postgres.ask((client) => client.query(text))).rows;
};
/** At its start, an app cleans up. */
const brief = (days = SECOND_IN_DAYS) => on.start({ ledgerDays: days });

describe('the ledger in PostgreSQL', () => {
  it('tells what ended for ledgerDays, and no longer; the numbers stay', async () => {
    await on.add('a');
    await on.settle((await on.claimAll())[0]!);
    await brief();
    expect(await on.outbox.find('a')).toHaveLength(1);
    await sleep(1_100);
    await brief();
    await eventually(async () => (await rowsIn('jobs')).length === 0);
    expect(await on.outbox.find('a')).toEqual([]);
    expect(await on.outbox.stats()).toMatchObject({ accepted: 1, outcomes: { attributed: 1 } });
  });

  it('frees a key when it forgets who held it', async () => {
    const ifTaken = { same: 'duplicate', different: 'conflict', withdrawn: 'refunded' };
    const key = { value: 'inv-1', digest: '49.00', ifTaken };
    const sale: SubmittedJob = { ...on.job('a'), kind: 'transaction', key };
    await on.outbox.submit(sale);
    await on.settle((await on.claimAll())[0]!, 'recorded');
    expect((await on.outbox.submit(sale)).outcome).toBe('duplicate');
    await sleep(1_100);
    await brief();
    await eventually(async () => (await rowsIn('keys')).length === 0);
    expect((await on.outbox.submit(sale)).outcome).toBeNull();
  });

  it('what is pending stays, however old', async () => {
    await on.add('a');
    await on.outbox.fail((await on.claimAll())[0]!, on.failure({ delayMs: 1_200 }));
    await sleep(1_500);
    await brief();
    await sleep(100);
    expect(await on.claimAll()).toMatchObject([{ lane: 'a' }]);
  });

  it('what is dead is kept for ledgerDays too; then those behind it go on', async () => {
    await on.add('a', '1');
    await on.add('a', '2');
    await on.outbox.fail((await on.claimAll())[0]!, on.failure({ maxAgeMs: 0 }));
    await sleep(1_100);
    expect(await on.claimAll()).toEqual([]);
    const other = await brief();
    await eventually(async () => (await rowsIn('jobs')).length === 1);
    expect(await on.claimAll(other)).toMatchObject([{ payload: '2' }]);
    expect(await on.deadOf()).toEqual([]);
    expect(await on.outbox.stats()).toMatchObject({ accepted: 2, pending: 1, dead: 1 });
  });

  it('sums its counts up, and loses none', async () => {
    const ids = await Promise.all(
      Array.from({ length: 200 }, (_, i) => on.outbox.accept(on.job(`${i}`))),
    );
    for (const id of ids.slice(0, 100)) on.outbox.release(id);
    await Promise.all((await on.claimAll()).map((job) => on.settle(job)));
    // With each sign of life, several times a second here.
    await eventually(async () => (await rowsIn('counts')).length <= 3);
    expect(await on.outbox.stats()).toMatchObject({
      accepted: 200,
      pending: 100,
      outcomes: { attributed: 100 },
    });
  });
});
