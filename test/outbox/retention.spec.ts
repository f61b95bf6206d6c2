import { PartneroService, sqliteOutbox, type PartneroModuleOptions } from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { pass, passUntil, useFakeClock, useRealClock } from '../support/fake-clock.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let fake: FakePartnero;
let path: string;
let running: RunningApp;

async function start(options: PartneroModuleOptions = {}): Promise<void> {
  running = await startApp({
    imports: [partnero(fake, { outbox: sqliteOutbox({ path }), historyDays: 2, ...options })],
  });
}

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann'] });
  path = `${temporaryFolder()}/outbox.db`;
  useFakeClock();
});

afterEach(async () => {
  useRealClock();
  await closeApps();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

const service = () => running.app.get(PartneroService);
const stats = () => service().outbox.stats();
const find = (customerKey: string) => service().outbox.find({ customerKey });
const attribute = (id: string) => service().attribute({ key: 'ann' }, { id, name: 'Ada' });
const delivered = async () => (await stats()).pending === 0;

it('what ended is told for historyDays, and no longer; the numbers stay', async () => {
  await start();
  await attribute('user-1');
  await passUntil(delivered, MINUTE);
  await pass(2 * DAY - 2 * HOUR, HOUR);
  expect(await find('user-1')).toHaveLength(1);
  await pass(4 * HOUR, HOUR);
  expect(await find('user-1')).toEqual([]);
  expect(await stats()).toMatchObject({ queued: 1, pending: 0, outcomes: { attributed: 1 } });
});

it('what is pending stays, however old', async () => {
  await fake.down();
  await start();
  await attribute('user-1');
  await pass(5 * DAY, HOUR);
  expect(await find('user-1')).toMatchObject([{ state: 'pending' }]);
  await fake.up();
  await passUntil(delivered, HOUR, MINUTE);
  expect(fake.customers).toHaveLength(1);
});

it('a dead letter stays for historyDays, then counts as discarded, and those behind it go on', async () => {
  fake.misbehave({ type: 'status', status: 500 });
  // More than one attempt: in steps of an hour, one may time out.
  await start({ delivery: { maxAgeDays: 0.1 } });
  await attribute('user-1');
  await passUntil(async () => (await stats()).dead === 1, 6 * HOUR, MINUTE);
  fake.heal();
  await attribute('user-1');
  await pass(DAY, HOUR);
  expect(await stats()).toMatchObject({ dead: 1, pending: 1 });
  await pass(DAY + 2 * HOUR, HOUR);
  await passUntil(delivered, HOUR, MINUTE);
  expect(await find('user-1')).toMatchObject([{ outcome: 'attributed' }]);
  expect(await stats()).toMatchObject({
    queued: 2,
    dead: 0,
    outcomes: { attributed: 1, discarded: 1 },
  });
});
