import { postgresOutbox, type PostgresExecutor } from 'nestjs-partnero/postgres';
import { POSTGRES_CLIENTS } from '../support/postgres-clients.js';
import { endPostgresServers, PostgresServer } from '../support/postgres-server.js';
import { newJob, RunningEngine } from '../support/running-engine.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

afterEach(() => RunningEngine.closeAll());

afterAll(async () => {
  await endPostgresServers();
  removeTemporaryFolders();
});

it('A refund that another process submits before the sale has committed comes behind the sale', async () => {
  const postgres = await PostgresServer.start();
  const client = await POSTGRES_CLIENTS['pg']!(postgres.url);
  const { executor } = client;
  let commit = () => {};
  let mayCommit = Promise.resolve();
  const slow: PostgresExecutor = {
    ...executor,
    transaction: (work, signal) =>
      executor.transaction(async (tx) => {
        const result = await work(tx);
        await mayCommit;
        return result;
      }, signal),
  };
  const selling = await RunningEngine.open(postgresOutbox({ executor: slow }));
  const refunding = await RunningEngine.open(postgresOutbox({ executor }));
  const ifTaken = { same: 'duplicate', different: 'conflict', cancelled: 'refunded' };
  const key = { value: 'inv-1', digest: '', ifTaken };
  mayCommit = new Promise<void>((resolve) => (commit = resolve));
  const sale = selling.engine.submit({ ...newJob('ann'), name: 'sale', key });
  await waitForPostgres();
  const refund = refunding.engine.submit({
    ...newJob('refund:inv-1'),
    name: 'refund',
    key,
    cancels: { name: 'sale', key: 'inv-1' },
  });
  await waitForPostgres();
  commit();
  mayCommit = Promise.resolve();
  await Promise.all([sale, refund]);
  const jobs = await refunding.engine.find('ann');
  expect(jobs.map(({ jobName }) => jobName)).toEqual(['refund', 'sale']);
  await RunningEngine.closeAll();
  await client.close();
}, 30_000);

/** Until what was asked of it waits for the other transaction. */
function waitForPostgres(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100));
}
