import { setTimeout as sleep } from 'node:timers/promises';
import { FakePartnero } from 'nestjs-partnero/testing';
import { AppProcess, endAppProcesses } from '../support/app-process.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { eventually } from '../support/eventually.js';
import { SALE_STEPS_BY_STAGE, SaleKillRun, type SaleStep } from './sale-kill-run.js';
import { stopBetweenTransactions } from './steps.js';

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

async function killOnce(step: SaleStep): Promise<void> {
  let isHit = false;
  for (let i = 0; i < 3 && !isHit; i += 1) isHit = await run.kill(step);
  expect([step, isHit]).toEqual([step, true]);
}

describe('kill -9 while sales are recorded', () => {
  it.each(Object.entries(SALE_STEPS_BY_STAGE))(
    'of an app that %s loses and doubles none (%j)',
    async (_, steps) => {
      for (const step of steps) await killOnce(step);
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

it('a process that stood still sends no sale that was taken over while it stood still', async () => {
  fake.heal();
  const keys = Array.from({ length: 10 }, (_, n) => `sale-${n}`);
  const lookUps = () => fake.requests.filter(({ path }) => path.startsWith('/customers/'));
  for (const n of keys.keys()) {
    fake.misbehave({ type: 'slow', ms: 500 }, { on: `GET /customers/user-${n}` });
  }
  // Its requests don't time out while it stands still.
  const stopped = await AppProcess.start({ ...run.options(), timeoutMs: 60_000 });
  for (const [n, key] of keys.entries()) {
    expect(await stopped.report('sale', { key, customer: `user-${n}` })).toBe(201);
  }
  await eventually(() => lookUps().length === keys.length);
  await stopBetweenTransactions(stopped, run.options());
  const living = await AppProcess.start(run.options());
  await eventually(() => fake.transactions.length === keys.length, 30_000);
  stopped.signal('SIGCONT');
  await sleep(1_000);
  await Promise.all([stopped.end('SIGTERM'), living.end('SIGTERM')]);
  expect(fake.requestsTo('POST /transactions')).toHaveLength(keys.length);
  expect(new Set(fake.transactions.map(({ key }) => key))).toEqual(new Set(keys));
  expect(fake.transactions).toHaveLength(keys.length);
}, 60_000);
