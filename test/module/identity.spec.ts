import { PartneroService, sqliteOutbox, type PartneroModuleOptions } from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { settled } from '../support/sign-up-client.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

let production: FakePartnero;
let staging: FakePartnero;
let path: string;

beforeEach(async () => {
  production = await FakePartnero.start({
    apiKey: 'prod',
    publicId: 'PROD0001',
    partners: ['ann'],
  });
  staging = await FakePartnero.start({
    apiKey: 'staging',
    publicId: 'STAG0001',
    partners: ['ann'],
  });
  path = `${temporaryFolder()}/outbox.db`;
});

afterEach(async () => {
  await closeApps();
  await Promise.all([production.stop(), staging.stop()]);
});

afterAll(removeTemporaryFolders);

const start = (fake: FakePartnero, options: PartneroModuleOptions = {}) =>
  startApp({ imports: [partnero(fake, { outbox: sqliteOutbox({ path }), ...options })] });
const stats = ({ app }: RunningApp) => app.get(PartneroService).outbox.stats();
const attribute = ({ app }: RunningApp, id: string) =>
  app.get(PartneroService).attribute({ key: 'ann' }, { id });

/** The file learns which program its jobs belong to; then one job stays behind. */
async function runProduction(options: PartneroModuleOptions = {}): Promise<void> {
  const running = await start(production, options);
  await attribute(running, 'delivered');
  await settled(running.app, 1);
  await eventually(() => production.requestsTo('GET /test').length > 0);
  // By the time of a second answer, the first one has been taken in and written down.
  await running.app.get(PartneroService).ping();
  await stats(running);
  await production.down();
  await attribute(running, 'left-behind');
  await closeApps();
  await production.up();
}

describe('an outbox of another program', () => {
  it('is not delivered by a key that belongs elsewhere', async () => {
    await runProduction();
    const running = await start(staging);
    await eventually(async () => (await stats(running)).paused?.reason === 'wrong_program');
    await attribute(running, 'of-staging');
    expect(staging.requestsTo('POST /customers')).toHaveLength(0);
    expect(await stats(running)).toMatchObject({ pending: 2 });
    expect(running.logger.ours('error')[0]).toMatch(/another program.*nothing is sent/);
    await closeApps();

    const again = await start(production);
    await eventually(async () => (await stats(again)).pending === 0);
    expect(production.customers.map(({ key }) => key)).toContain('left-behind');
  });

  it('is delivered by a new key of the same program', async () => {
    await runProduction();
    production.apiKey = 'rotated';
    const running = await start(production);
    await settled(running.app, 2);
    expect(running.logger.ours('error')).toEqual([]);
  });

  it('is not delivered while Partnero cannot be asked', async () => {
    await runProduction();
    production.apiKey = 'rotated';
    production.misbehave({ type: 'status', status: 503 }, { on: 'GET /test', times: 1 });
    const running = await start(production);
    expect(await stats(running)).toMatchObject({
      pending: 1,
      paused: { reason: 'unverified_key' },
    });
    await settled(running.app, 2);
  });

  it('is delivered by a key that does not tell its program', async () => {
    await runProduction();
    const body = { data: { program: { type: 'affiliate' } }, status: 1 };
    production.route('GET /test', () => ({ status: 200, body }));
    const running = await start(production);
    await settled(running.app, 2);
    expect(running.logger.ours('error')).toEqual([]);
  });

  it('is delivered by a mended key, where the first one never worked', async () => {
    const mistyped = await start(production, { apiKey: 'prdo' });
    await attribute(mistyped, 'early');
    await eventually(async () => (await stats(mistyped)).paused?.reason === 'unauthorized');
    await closeApps();
    const mended = await start(production);
    await settled(mended.app, 1);
    expect(production.customers.map(({ key }) => key)).toEqual(['early']);
  });
});

describe('verifyOnBoot', () => {
  it("'warn' says that the key is refused, and boots", async () => {
    const running = await start(production, { apiKey: 'wrong', verifyOnBoot: 'warn' });
    await eventually(() => running.logger.ours('error').length > 0);
    expect(running.logger.ours('error')[0]).toMatch(/rejects the API key \(401\).*stay pending/);
    expect(running.logger.text).not.toContain('wrong');
  });

  it("'warn' does not wait for Partnero", async () => {
    production.misbehave({ type: 'hang' });
    const started = performance.now();
    await start(production, { verifyOnBoot: 'warn' });
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it("'fail' fails on a refused key", async () => {
    const booting = start(production, { apiKey: 'wrong', verifyOnBoot: 'fail' });
    await expect(booting).rejects.toThrow(/rejects the API key \(401\)/);
  });

  it.each([
    ['down', () => production.down()],
    ['hanging', async () => production.misbehave({ type: 'hang' })],
    ['failing', async () => production.misbehave({ type: 'status', status: 500 })],
  ])("'fail' boots while Partnero is %s", async (_, break_) => {
    await break_();
    const running = await start(production, { verifyOnBoot: 'fail', timeoutMs: 50 });
    expect(running.logger.ours('warn')[0]).toContain('could not be verified');
  });

  it('false asks nothing', async () => {
    await start(production, { verifyOnBoot: false });
    expect(production.requests).toHaveLength(0);
  });

  it('says that the program is of another type', async () => {
    const running = await start(production, { program: 'refer-a-friend', verifyOnBoot: 'warn' });
    await eventually(() => running.logger.ours('error').length > 0);
    expect(running.logger.ours('error')[0]).toMatch(/'affiliate'.*'refer-a-friend'.*'affiliate'/);
    await attribute(running, 'user-1');
    await eventually(async () => (await stats(running)).paused?.reason === 'wrong_program');
    expect(production.requestsTo('POST /customers')).toHaveLength(0);
    await closeApps();
    const corrected = await start(production, { program: 'affiliate', verifyOnBoot: 'warn' });
    await eventually(async () => (await stats(corrected)).outcomes['attributed'] === 1);
  });
});
