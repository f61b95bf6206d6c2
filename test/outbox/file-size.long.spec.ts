import { PartneroService, sqliteOutbox } from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { closeApps, partnero, startApp } from '../support/app.js';
import { pass, passUntil, useFakeClock, useRealClock } from '../support/fake-clock.js';
import { inOtherProcess } from '../support/sqlite-shell.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let fake: FakePartnero;

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann'] });
  useFakeClock();
});

afterEach(async () => {
  useRealClock();
  await closeApps();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

it('the file does not grow for ever', async () => {
  const path = `${temporaryFolder()}/outbox.db`;
  const { app } = await startApp({
    imports: [
      partnero(fake, {
        outbox: sqliteOutbox({ path }),
        historyDays: 1,
        delivery: { concurrency: 50 },
      }),
    ],
  });
  const service = app.get(PartneroService);
  const number = (sql: string) => (inOtherProcess(path, sql).rows[0] as { n: number }).n;
  const jobs = () => number('SELECT count(*) AS n FROM jobs');
  const bytes = () =>
    number('SELECT page_count * page_size AS n FROM pragma_page_count, pragma_page_size');

  let first = 0;
  for (let day = 0; day < 12; day += 1) {
    const ids = Array.from({ length: 1_000 }, (_, i) => `user-${day}-${i}`);
    await Promise.all(ids.map((id) => service.attribute({ key: 'ann' }, { id, name: 'Ada' })));
    // In steps shorter than an attempt may last.
    await passUntil(async () => (await service.outbox.stats()).pending === 0, HOUR, 100);
    await pass(DAY, HOUR);
    // On a busy machine, the deletion of the day before takes longer than that.
    await passUntil(() => jobs() <= 1_000, DAY, MINUTE);
    if (day === 2) first = bytes();
  }
  // Two days may overlap for a moment. What is never deleted would make it four times as large.
  expect(bytes()).toBeLessThanOrEqual(first * 2);
  await pass(2 * DAY, HOUR);
  expect(jobs()).toBe(0);
  expect(await service.outbox.stats()).toMatchObject({
    queued: 12_000,
    outcomes: { attributed: 12_000 },
  });
});
