import { PartneroService, sqliteOutbox, type PartneroModuleOptions } from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { passUntil, useFakeClock, useRealClock } from '../support/fake-clock.js';
import { settled } from '../support/sign-up-client.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const KEY_CHECK = { on: 'GET /test' } as const;

let fake: FakePartnero;
let path: string;

beforeEach(async () => {
  fake = await FakePartnero.start({ publicId: 'PROD0001', partners: ['ann'] });
  path = `${temporaryFolder()}/outbox.db`;
});

afterEach(async () => {
  useRealClock();
  await closeApps();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

const start = (options: PartneroModuleOptions = {}) =>
  startApp({
    imports: [partnero(fake, { outbox: sqliteOutbox({ path }), verifyOnBoot: 'warn', ...options })],
  });
const outboxOf = ({ app }: RunningApp) => app.get(PartneroService).outbox;
const pausedBy = async (running: RunningApp) => (await outboxOf(running).stats()).paused?.reason;
const attribute = ({ app }: RunningApp, id = 'user-1') =>
  app.get(PartneroService).attribute({ key: 'ann' }, { id });
const linesWith = (running: RunningApp, level: 'log' | 'warn' | 'error', words: string) =>
  running.logger.ours(level).filter((line) => line.includes(words));

describe.each<['warn' | false, when: string]>([
  ['warn', 'at boot'],
  [false, 'with the first job'],
])('verifyOnBoot: %s, the key is checked %s, and', (verifyOnBoot) => {
  it('nothing is sent before GET /test was answered', async () => {
    fake.misbehave({ type: 'slow', ms: 80 }, KEY_CHECK);
    const running = await start({ verifyOnBoot });
    await attribute(running);
    await eventually(async () => (await pausedBy(running)) === 'unverified_key');
    expect(fake.requestsTo('POST /customers')).toHaveLength(0);
    await settled(running.app, 1);
    expect(fake.requests.map(({ path: to }) => to)).toEqual(['/test', '/customers']);
    expect(await pausedBy(running)).toBeUndefined();
  });

  it('a rejected key sends nothing until it is accepted, which takes one line each', async () => {
    const running = await start({ verifyOnBoot, apiKey: 'rotated' });
    await attribute(running);
    await eventually(async () => (await pausedBy(running)) === 'unauthorized');
    expect((await outboxOf(running).stats()).paused?.until).toBeInstanceOf(Date);
    expect(fake.requestsTo('POST /customers')).toHaveLength(0);
    fake.apiKey = 'rotated';
    await settled(running.app, 1);
    const rejected = linesWith(running, 'error', 'rejects the API key (401)');
    expect(rejected).toEqual([expect.stringContaining(`It was sent to ${fake.baseUrl}: `)]);
    expect(linesWith(running, 'log', 'accepts the API key again')).toHaveLength(1);
  });

  it.each([
    ['404', { type: 'status', status: 404 }],
    ['something that is not Partnero’s JSON', { type: 'html' }],
  ] as const)('deliveries go on after %s', async (_, fault) => {
    fake.misbehave(fault, KEY_CHECK);
    const running = await start({ verifyOnBoot });
    await attribute(running);
    await settled(running.app, 1);
    expect(fake.requestsTo('GET /test')).toHaveLength(1);
    const unverified = linesWith(
      running,
      'warn',
      `baseUrl is ${fake.baseUrl}; Partnero's own ends in /v1.`,
    );
    expect(unverified).toHaveLength(verifyOnBoot === false ? 0 : 1);
  });

  it('deliveries go on after three times without an answer', async () => {
    fake.misbehave({ type: 'status', status: 503 }, KEY_CHECK);
    const running = await start({ verifyOnBoot });
    await attribute(running);
    await settled(running.app, 1);
    expect(fake.requestsTo('GET /test')).toHaveLength(3);
    expect(fake.requestsTo('POST /customers')).toHaveLength(1);
  });
});

it('the key is asked about further, and another program stops what has started', async () => {
  const first = await start();
  await attribute(first);
  await settled(first.app, 1);
  await closeApps();
  await fake.stop();
  fake = await FakePartnero.start({ publicId: 'STAG0001', partners: ['ann'] });
  fake.misbehave({ type: 'status', status: 503 }, { ...KEY_CHECK, times: 3 });
  useFakeClock();
  const running = await start();
  await passUntil(async () => (await pausedBy(running)) === 'wrong_program', 30_000, 250);
  await attribute(running, 'of-staging');
  expect(await outboxOf(running).stats()).toMatchObject({ pending: 1 });
  expect(linesWith(running, 'error', 'another program')).toHaveLength(1);
  expect(linesWith(running, 'warn', 'could not be verified')).toHaveLength(1);
  expect(fake.requestsTo('POST /customers')).toHaveLength(0);
});

it('delivery.concurrency 0 queues, and sends nothing', async () => {
  const running = await start({ delivery: { concurrency: 0 } });
  await eventually(async () => (await pausedBy(running)) === undefined);
  await attribute(running);
  expect(await outboxOf(running).stats()).toMatchObject({ pending: 1, paused: null });
  expect(fake.requestsTo('POST /customers')).toHaveLength(0);
});

it('the first attribution after a start is logged, and no other', async () => {
  const running = await start();
  await attribute(running, 'user-1');
  await settled(running.app, 1);
  await attribute(running, 'user-2');
  await settled(running.app, 2);
  expect(linesWith(running, 'log', 'The first attribution since the start')).toEqual([
    expect.stringContaining('reached Partnero (attributed).'),
  ]);
});

describe('PARTNERO_BASE_URL', () => {
  afterEach(() => {
    delete process.env['PARTNERO_BASE_URL'];
  });

  it('is where Partnero is, unless the option says otherwise', async () => {
    process.env['PARTNERO_BASE_URL'] = fake.baseUrl;
    const { app } = await start({ baseUrl: undefined });
    expect(await app.get(PartneroService).ping()).toMatchObject({ publicId: 'PROD0001' });
    process.env['PARTNERO_BASE_URL'] = 'https://partnero.invalid';
    const other = await start();
    expect(await other.app.get(PartneroService).ping()).toMatchObject({ publicId: 'PROD0001' });
  });

  it('is named if it is no address', async () => {
    process.env['PARTNERO_BASE_URL'] = 'partnero.test';
    await expect(start({ baseUrl: undefined })).rejects.toThrow(/^PARTNERO_BASE_URL must be/);
  });
});
