import { setTimeout as sleep } from 'node:timers/promises';
import { FakePartnero } from 'nestjs-partnero/testing';
import { AppProcess, endAppProcesses, preloading } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { inOtherProcess } from '../support/sqlite-shell.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

/** Processes look after their leases so often. */
const TICK_MS = 2_000;
const LEASE_MS = 60_000;

let fake: FakePartnero;
let path: string;

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann'] });
  path = `${temporaryFolder()}/outbox.db`;
});

afterEach(async () => {
  await endAppProcesses();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

const start = () =>
  AppProcess.start(
    { path, baseUrl: fake.baseUrl, apiKey: fake.apiKey },
    preloading('network-disk.cjs'),
  );
const keys = () => fake.customers.map(({ key }) => key).toSorted();

// Locks of a network file system can't be trusted: a process shows that it lives by a lease.
describe('on a network file system', () => {
  it('what a dead process had is taken over when its lease is over', async () => {
    await fake.down();
    const [dying, living] = [await start(), await start()];
    await dying.signUp('user-1');
    await dying.end();
    await fake.up();
    await sleep(TICK_MS + 500);
    expect(keys()).toEqual([]);
    living.setClock(LEASE_MS + 1_000);
    await eventually(() => fake.customers.length === 1);
  }, 30_000);

  it('what a living process has is its own, for as long as it renews its lease', async () => {
    await fake.down();
    const [holding, other] = [await start(), await start()];
    for (let i = 0; i < 5; i += 1) await holding.signUp(`user-${i}`);
    const owners = () => inOtherProcess(path, 'SELECT id FROM owners ORDER BY id').rows;
    const before = owners();
    // Longer than a lease in all, but each has time to renew its own meanwhile.
    for (const clock of [40_000, LEASE_MS + 10_000]) {
      for (const app of [holding, other]) app.setClock(clock);
      await sleep(TICK_MS + 500);
    }
    expect(owners()).toEqual(before);
    await fake.up();
    await eventually(() => fake.customers.length === 5);
    await eventually(async () => (await other.stats()).pending === 0);
    expect(fake.requestsTo('POST /customers').filter(({ status }) => status !== 201)).toEqual([]);
  }, 30_000);
});
