import { PartneroError, PartneroService, type OutboxInspector } from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { settled } from '../support/sign-up-client.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

let fake: FakePartnero;
let running: RunningApp;
let outbox: OutboxInspector;

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann'] });
  running = await startApp({ imports: [partnero(fake)] });
  const service = running.app.get(PartneroService);
  outbox = service.outbox;
  await service.attribute({ key: 'ann' }, { id: 7 });
  await settled(running.app, 1);
});

afterEach(async () => {
  await closeApps();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

it.each([7, '7', 7n])('finds a customer by the id that was attributed: %p', async (customerKey) => {
  expect(await outbox.find({ customerKey })).toMatchObject([{ outcome: 'attributed' }]);
  expect(await outbox.forget({ customerKey })).toEqual({ forgotten: 1, inFlight: 0 });
  expect(await outbox.find({ customerKey })).toEqual([]);
});

it.each([undefined, null, '', {}, 1.5, ['7']])(
  'refuses %p for a key, and does not take it for trouble with the disk',
  async (customerKey) => {
    for (const call of [outbox.find.bind(outbox), outbox.forget.bind(outbox)]) {
      const error: unknown = await call({ customerKey: customerKey as string }).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(PartneroError);
      expect(error).toMatchObject({ kind: 'invalid_input' });
    }
    expect(running.logger.ours('error')).toEqual([]);
    expect((await outbox.stats()).storage).toEqual({ ok: true, problem: null });
  },
);

it('replays everything, or nothing, without being told which', async () => {
  expect(await outbox.requeue()).toBe(0);
  expect(running.logger.ours('error')).toEqual([]);
});

it('lists the newest jobs, newest first', async () => {
  await running.app.get(PartneroService).attribute({ key: 'ann' }, { id: 8 });
  await settled(running.app, 2);
  const keys = async (limit?: number) =>
    (await outbox.recent(limit === undefined ? {} : { limit })).map(
      ({ customerKey }) => customerKey,
    );
  expect([await keys(), await keys(1)]).toEqual([['8', '7'], ['8']]);
});

it.each([0, 1_001, 1.5, NaN, '3'])('refuses %p for the limit of a list', async (limit) => {
  await expect(outbox.recent({ limit: limit as number })).rejects.toMatchObject({
    kind: 'invalid_input',
  });
});
