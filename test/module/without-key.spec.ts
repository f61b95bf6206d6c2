import { existsSync } from 'node:fs';
import { Controller, Param, Post } from '@nestjs/common';
import {
  AttributeReferral,
  PartneroModule,
  PartneroService,
  sqliteOutbox,
  type PartneroModuleOptions,
} from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { ADAPTERS, closeApps, partnero, startApp } from '../support/app.js';
import { FullFakePartnero } from '../support/fake-partnero/full-fake-partnero.js';
import { settled, visit } from '../support/sign-up-client.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

@Controller()
class AuthController {
  @Post('signup/:id')
  @AttributeReferral()
  signup(@Param('id') id: string) {
    return { id };
  }
}

let fake: FakePartnero;
let path: string;

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann'] });
  path = `${temporaryFolder()}/outbox.db`;
});

afterEach(async () => {
  await closeApps();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

const start = (options: PartneroModuleOptions, adapter: 'express' | 'fastify' = 'express') =>
  startApp({
    adapter,
    imports: [partnero(fake, { outbox: sqliteOutbox({ path }), ...options })],
    controllers: [AuthController],
  });

/** An app with a key that queued one sign-up and could not deliver it. */
async function leaveOnePending(): Promise<void> {
  await fake.down();
  const { app, url } = await start({});
  await visit(`${url}/signup/before`, { partner: 'ann' });
  expect((await app.get(PartneroService).outbox.stats()).pending).toBe(1);
  await closeApps();
  await fake.up();
}

describe.each(ADAPTERS)('without an API key, on %s', (adapter) => {
  it('nothing is attributed, and nothing is made', async () => {
    const { app, url, logger } = await start({ apiKey: '' }, adapter);
    const response = await visit(`${url}/signup/1`, { partner: 'ann' });
    expect(await response.json()).toEqual({ id: '1' });
    const service = app.get(PartneroService);
    expect(await service.attribute({ key: 'ann' }, { id: '2' })).toBe('disabled');
    expect(await service.outbox.stats()).toMatchObject({
      queued: 0,
      location: 'none: disabled',
      notAccepted: { disabled: 2, no_referral: 0 },
    });
    expect(await service.outbox.find({ customerKey: '1' })).toEqual([]);
    expect(await service.outbox.requeue({})).toBe(0);
    expect(existsSync(path)).toBe(false);
    expect(logger.ours()).toHaveLength(1);
    expect(logger.ours('log')[0]).toMatch(/Disabled.*PARTNERO_API_KEY/);
    await expect(service.ping()).rejects.toMatchObject({ kind: 'unauthorized', status: undefined });
  });
});

it('an apiKey option that is undefined gives a warning that says so', async () => {
  const { logger } = await start({ apiKey: undefined });
  expect(logger.ours()).toHaveLength(1);
  expect(logger.ours('warn')[0]).toMatch(
    /Disabled.*apiKey option of the affiliate program was passed, but is undefined/,
  );
});

it('the one line is an error in production', async () => {
  const before = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    const { logger } = await start({ apiKey: '' });
    expect(logger.ours('error')).toHaveLength(1);
  } finally {
    process.env['NODE_ENV'] = before;
  }
});

it('a lost key loses nothing: sign-ups are kept where the file knows the program', async () => {
  await leaveOnePending();
  const without = await start({ apiKey: undefined });
  await visit(`${without.url}/signup/after`, { partner: 'ann' });
  expect(await without.app.get(PartneroService).outbox.stats()).toMatchObject({
    queued: 2,
    pending: 2,
    paused: { reason: 'no_key' },
  });
  expect(without.logger.ours('error')[0]).toMatch(/no API key.*stay pending/);
  expect(fake.requests).toHaveLength(0);
  await closeApps();

  const { app } = await start({});
  await settled(app, 2);
  expect(fake.customers.map(({ key }) => key).toSorted()).toEqual(['after', 'before']);
});

it('a file that knows another program only is left alone', async () => {
  await leaveOnePending();
  const { app } = await startApp({
    imports: [PartneroModule.forRoot({ name: 'other', outbox: sqliteOutbox({ path }) })],
  });
  expect(app).toBeDefined();
  await closeApps();
  const { app: again } = await start({});
  await settled(again, 1);
});

it('enabled: false leaves what is there alone, and counts it', async () => {
  await leaveOnePending();
  const off = await start({ enabled: false });
  await visit(`${off.url}/signup/after`, { partner: 'ann' });
  expect(await off.app.get(PartneroService).outbox.stats()).toMatchObject({
    queued: 1,
    pending: 1,
    notAccepted: { disabled: 1 },
  });
  expect(fake.requests).toHaveLength(0);
  await closeApps();
  const { app } = await start({});
  await settled(app, 1);
  expect(fake.customers.map(({ key }) => key)).toEqual(['before']);
});

it('enabled: false without a file makes none', async () => {
  const { app } = await start({ enabled: false });
  expect(await app.get(PartneroService).attribute({ key: 'ann' }, { id: '1' })).toBe('disabled');
  expect(existsSync(path)).toBe(false);
});

it('what is kept without a key is delivered by another app on the file that has one', async () => {
  await leaveOnePending();
  const keyless = await start({ apiKey: undefined });
  const keyed = await start({});
  await visit(`${keyless.url}/signup/kept`, { partner: 'ann' });
  await settled(keyed.app, 2);
  expect(fake.customers.map(({ key }) => key).toSorted()).toEqual(['before', 'kept']);
});

describe('a newsletter program', () => {
  it('attributes nothing, makes nothing, and says so; the API is there', async () => {
    await fake.stop();
    fake = await FullFakePartnero.start({ program: 'newsletter' });
    const { app, url, logger } = await start({ program: 'newsletter' });
    expect((await visit(`${url}/signup/1`, { partner: 'ann' })).status).toBe(201);
    const service = app.get<PartneroService<'newsletter'>>(PartneroService);
    expect((await service.outbox.stats()).notAccepted).toMatchObject({ disabled: 1 });
    expect(await service.ping()).toMatchObject({ type: 'newsletter' });
    expect(existsSync(path)).toBe(false);
    expect(logger.ours('log').join()).toContain('Nothing is attributed to the newsletter program');
  });
});
