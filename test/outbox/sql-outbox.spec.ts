import type { Delivery } from '#lib/outbox/delivery.js';
import type { OutboxEngine } from '#lib/outbox/outbox-engine.js';
import { StoreError } from '#lib/outbox/sql/store.error.js';
import { uuid7 } from '#lib/outbox/uuid7.js';
import { eventually } from '../support/eventually.js';
import { pass, useFakeTimers, useRealClock } from '../support/fake-clock.js';
import { newJob } from '../support/running-engine.js';
import { ScriptedStore } from '../support/scripted-store.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

let store: ScriptedStore;
let outbox: OutboxEngine;
let sent: string[];
let respond: () => Promise<void>;

const deliver: Delivery = {
  concurrency: 2,
  maxAgeMs: 86_400_000,
  initialBackoffMs: 10,
  maxBackoffMs: 100,
  requestsPerMinute: undefined,
  deliver: async ({ orderingKey }) => {
    sent.push(orderingKey);
    await respond();
    return { type: 'completed', outcome: 'attributed' };
  },
  checkKey: () => Promise.resolve('accepted'),
  onEnd() {},
};

beforeEach(async () => {
  store = new ScriptedStore();
  outbox = store.outbox();
  sent = [];
  respond = () => Promise.resolve();
  await outbox.open();
});

afterEach(async () => {
  store.trouble = () => undefined;
  await outbox.close();
});

afterAll(removeTemporaryFolders);

async function add(orderingKey: string): Promise<void> {
  outbox.release(await outbox.enqueue(newJob(orderingKey)));
}

it('A job is not sent while discarding it is tried again after an outage', async () => {
  const id = await outbox.enqueue(newJob('ann'));
  let claims = 0;
  let discards = 0;
  store.trouble = ({ name }) => {
    if (name === 'complete' && (discards += 1) <= 4) return 'refused';
    return name === 'claim' && discards > 0 && (claims += 1) === 1 ? 'reply lost' : undefined;
  };
  const discarded = outbox.discard(id);
  await eventually(() => discards > 0);
  outbox.start(deliver);
  expect(await discarded).toBe(true);
  expect(sent).toEqual([]);
}, 15_000);

it('Jobs are not stuck if the replies to two claims are lost, one soon after the other', async () => {
  let lost = 0;
  store.trouble = ({ name }) => {
    if (name !== 'claim' || lost === 2 || store.owned.length > 0) return undefined;
    lost += 1;
    return 'reply lost';
  };
  outbox.start(deliver);
  await outbox.submit(newJob('ann'));
  await eventually(() => lost === 1);
  await outbox.submit(newJob('bob'));
  await eventually(async () => (await outbox.stats()).pending === 0, 20_000);
  expect(sent.toSorted()).toEqual(['ann', 'bob']);
}, 30_000);

it('A job that is saved after its sign-up was told otherwise does not block its customer', async () => {
  const late = { ...newJob('ann'), id: uuid7() };
  store.before = ({ name }) => {
    if (name === 'enqueue')
      throw new StoreError({ code: 'TIMEOUT', message: '', mayBeSaved: true });
  };
  await expect(outbox.enqueue(late)).rejects.toThrow('TIMEOUT');
  store.before = () => {};
  useFakeTimers();
  await store.call('enqueue', 'default', { ...late, owner: store.owner });
  expect(store.owned).toEqual(['ann']);
  await pass(25_000);
  useRealClock();
  await eventually(() => store.owned.length === 0);
  expect((await outbox.stats()).outcomes).toEqual({ discarded: 1 });
});

it('A job that could not be released for an erasure is released once the store works', async () => {
  let finish = () => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  respond = () => finished;
  outbox.start(deliver);
  for (let i = 0; i < 10; i += 1) await add(`customer ${i}`);
  store.trouble = ({ name }) => (name === 'release' ? 'refused' : undefined);
  const erasure = { ...newJob('customer 9'), name: 'erasure', overrides: true };
  await expect(outbox.submit(erasure)).rejects.toThrow('the connection was lost');
  store.trouble = () => undefined;
  finish();
  await eventually(async () => (await outbox.stats()).pending === 0);
  expect(sent).toContain('customer 9');
});

it('An erasure is refused at once if a claimed job of its customer can not be released', async () => {
  let finish = () => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  respond = () => finished;
  for (let i = 0; i < 15; i += 1) await outbox.submit(newJob(`customer ${i}`));
  outbox.start(deliver);
  await eventually(() => store.owned.length === 4);
  const claimed = String(store.owned.at(-1));
  store.trouble = ({ name }) => (name === 'release' ? 'refused' : undefined);
  const erasure = { ...newJob(claimed), name: 'erasure', overrides: true };
  await expect(outbox.submit(erasure)).rejects.toThrow('the connection was lost');
  store.trouble = () => undefined;
  finish();
  await eventually(async () => (await outbox.stats()).pending === 0);
  expect(sent).toContain(claimed);
});

it('Draining ends although the store fails and jobs wait to be released', async () => {
  const control = outbox.start(deliver);
  control.pause('wrong_program');
  const id = await outbox.enqueue(newJob('ann'));
  store.trouble = () => 'refused';
  outbox.release(id);
  await control.drain(100);
  expect(store.owned).toEqual(['ann']);
});

it('Jobs whose claim was under way when a pause began are released', async () => {
  for (let i = 0; i < 5; i += 1) await outbox.submit(newJob(`customer ${i}`));
  let claim = () => {};
  const mayClaim = new Promise<void>((resolve) => (claim = resolve));
  const claiming = new Promise<void>((resolve) => {
    store.before = async ({ name }) => {
      if (name !== 'claim') return;
      resolve();
      await mayClaim;
    };
  });
  const control = outbox.start(deliver);
  await claiming;
  control.pause('wrong_program');
  claim();
  expect((await outbox.stats()).pending).toBe(5);
  await eventually(() => store.owned.length === 0);
  expect(sent).toEqual([]);
});

it('A process whose key is rejected owns no jobs that others could deliver', async () => {
  let reject = () => {};
  const rejected = new Promise<void>((resolve) => (reject = resolve));
  outbox.start({
    ...deliver,
    async deliver() {
      await rejected;
      return { type: 'unauthorized', reason: '401' };
    },
    checkKey: () => Promise.resolve('rejected'),
  });
  for (let i = 0; i < 20; i += 1) await add(`customer ${i}`);
  expect(store.owned).toHaveLength(20);
  reject();
  await eventually(() => store.owned.length === 0);
});

it('A sign-up between two erasures of a customer is discarded, though the first one is queued', async () => {
  const ifTaken = { same: 'duplicate', different: 'duplicate', cancelled: 'duplicate' };
  const key = { value: 'ann', digest: '', ifTaken };
  const erase = () => outbox.submit({ ...newJob('ann'), name: 'erasure', overrides: true, key });
  expect((await erase()).outcome).toBeNull();
  await add('ann');
  await eventually(() => store.owned.length === 0);
  expect((await erase()).outcome).toBe('duplicate');
  outbox.start(deliver);
  await eventually(async () => (await outbox.stats()).pending === 0);
  expect(sent).toHaveLength(1);
  expect((await outbox.stats()).outcomes).toEqual({ attributed: 1, duplicate: 1, discarded: 1 });
});
