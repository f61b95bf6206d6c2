import { setTimeout as sleep } from 'node:timers/promises';
import { FakePartnero } from 'nestjs-partnero/testing';
import { AppProcess, endAppProcesses, isGood } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { onRedis, type Place } from '../support/stores.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

/** Longer than a connection may hang, so that the app finds a connection that it takes for dead. */
const STOPPED_MS = 3_000;
const VISITORS = 8;

let redis: Place;
let fake: FakePartnero;

beforeAll(async () => {
  redis = await onRedis();
  fake = await FakePartnero.start({ partners: ['ann'] });
});

afterAll(async () => {
  await endAppProcesses();
  await fake.stop();
  await redis.leave();
  removeTemporaryFolders();
});

it.each([1, 2, 3])('an app that stood still loses no sign-up (%i)', async (round) => {
  const app = await AppProcess.start({
    baseUrl: fake.baseUrl,
    apiKey: fake.apiKey,
    path: `${temporaryFolder()}/unused.db`,
    acceptTimeoutMs: 10_000,
    store: { engine: 'bullmq', url: redis.url, name: redis.newName() },
  });
  const signedUp: string[] = [];
  const ended = new AbortController();
  const visits = Array.from({ length: VISITORS }, async (_, visitor) => {
    for (let n = 0; !ended.signal.aborted; n += 1) {
      const id = `${round}-${visitor}-${n}`;
      if (isGood(await app.signUp(id))) signedUp.push(id);
      await sleep(5);
    }
  });
  await eventually(() => signedUp.length > 10 * VISITORS);
  app.signal('SIGSTOP');
  await sleep(STOPPED_MS);
  app.signal('SIGCONT');
  const before = signedUp.length;
  await eventually(() => signedUp.length > before + 10 * VISITORS);
  ended.abort();
  await Promise.all(visits);
  expect((await app.stats()).notAccepted).toMatchObject({ accept_failed: 0, accept_timeout: 0 });
  const arrived = () => new Set(fake.customers.map(({ key }) => key));
  await eventually(() => signedUp.every((id) => arrived().has(id)), 20_000);
});
