import { setTimeout as sleep } from 'node:timers/promises';
import { FakePartnero } from 'nestjs-partnero/testing';
import { AppProcess, endAppProcesses } from '../support/app-process.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { SALE_STEPS, SaleKillRun } from './sale-kill-run.js';

let fake: FakePartnero;
let run: SaleKillRun;

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann'] });
  run = new SaleKillRun(temporaryFolder(), fake);
});

afterEach(async () => {
  await endAppProcesses();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

const NOTHING_WRONG = { lost: [], doubled: [], unrefunded: [], unaccounted: 0 };

describe('kill -9 while sales are recorded', () => {
  it.each(SALE_STEPS)(
    'in the step "%s" loses and doubles none',
    async (step) => {
      let hits = 0;
      for (let i = 0; i < 3 && hits === 0; i += 1) hits += Number(await run.kill(step));
      expect(hits).toBe(1);
      expect(await run.check()).toMatchObject(NOTHING_WRONG);
    },
    90_000,
  );

  it('with two processes at once, one of which is killed, loses and doubles none', async () => {
    const apps = await Promise.all([
      AppProcess.start(run.options()),
      AppProcess.start(run.options()),
    ]);
    const loads = apps.map((app) => run.load(app, { each: 15 }));
    await sleep(60);
    await apps[0].end();
    await Promise.all(loads);
    await apps[1].end();
    const found = await run.check();
    expect(found).toMatchObject(NOTHING_WRONG);
    expect(found.taken).toBeGreaterThan(40);
  }, 90_000);
});
