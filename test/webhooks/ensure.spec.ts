import {
  PartneroModule,
  PartneroService,
  sqliteOutbox,
  type EnsureWebhookOptions,
  type PartneroModuleOptions,
} from 'nestjs-partnero';
import { closeApps, startApp, type RunningApp } from '../support/app.js';
import { deliver, eventBody, SECRET } from '../support/deliveries.js';
import {
  calls,
  Commissions,
  forgetCalls,
  handled,
  path,
  WebhookController,
} from '../support/event-handlers.js';
import { eventually } from '../support/eventually.js';
import { pass, useFakeClock, useRealClock } from '../support/fake-clock.js';
import type { FakeApiVariants } from '../support/fake-partnero/api-variants.js';
import { FullFakePartnero } from '../support/fake-partnero/full-fake-partnero.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

const EVENTS = ['transaction.created', 'transaction.deleted'];

let fake: FullFakePartnero;
/** Where the app will listen, so that the fake can deliver there. */
let port: number;

beforeEach(async () => {
  forgetCalls();
  fake = await FullFakePartnero.start();
  port = await freePort();
});

afterEach(async () => {
  useRealClock();
  await closeApps();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

async function freePort(): Promise<number> {
  const other = await FullFakePartnero.start();
  const found = Number(new URL(other.baseUrl).port);
  await other.stop();
  return found;
}

const hook = () => `http://127.0.0.1:${port}/hook`;

/** An app on the port that Partnero knows, or on any. */
async function start(
  ensure: Partial<EnsureWebhookOptions> = {},
  options: PartneroModuleOptions = {},
  listensAt = port,
): Promise<RunningApp> {
  return startApp({
    options: { rawBody: true },
    imports: [
      PartneroModule.forRoot({
        apiKey: fake.apiKey,
        baseUrl: fake.baseUrl,
        verifyOnBoot: false,
        outbox: sqliteOutbox({ path }),
        ...options,
        webhooks: { ensure: { url: hook(), events: EVENTS, ...ensure }, ...options.webhooks },
      }),
    ],
    controllers: [WebhookController],
    providers: [Commissions],
    port: listensAt,
  });
}

const ensured = (running: RunningApp) =>
  eventually(() => /webhook to .* at Partnero/i.test(running.logger.text));

describe('webhooks.ensure', () => {
  it('makes the webhook, and verifies what it delivers with its secret', async () => {
    const running = await start();
    await ensured(running);
    expect(fake.webhooks).toMatchObject([
      { name: 'nestjs-partnero', url: hook(), events: EVENTS, isActive: true },
    ]);
    const [delivery] = await fake.sendEvent('transaction.created', { key: 'inv-1' });
    expect(delivery).toMatchObject({ statuses: [201], delivered: true });
    await handled(running, 2);
    expect((await deliver(`${running.url}/hook`, eventBody('x'))).status).toBe(401);
    const { secret } = fake.webhooks[0]!;
    expect(running.logger.text).not.toContain(secret);
    expect(JSON.stringify(running.app.get(PartneroService))).not.toContain(secret);
  });

  it('leaves one alone that is right, whoever made it', async () => {
    fake.addWebhook({ url: 'https://elsewhere.example.com/', events: ['partner.created'] });
    const made = fake.addWebhook({
      url: hook(),
      events: ['partner.created', ...EVENTS],
      name: 'X',
    });
    await start();
    await eventually(() => fake.requestsTo('GET /webhooks').length > 0);
    const [delivery] = await fake.sendEvent('transaction.created', {}, { backoffMs: 20 });
    expect([delivery!.url, delivery!.delivered]).toEqual([hook(), true]);
    expect(fake.webhooks).toHaveLength(2);
    expect(fake.webhooks[1]).toEqual(made);
    expect(fake.requests.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('adds events that are missing, takes none away, and wakes one that is off', async () => {
    const events = ['partner.created', 'transaction.created'];
    const made = fake.addWebhook({ url: hook(), events, name: 'X', isActive: false });
    const { key } = made;
    const running = await start();
    await ensured(running);
    expect(fake.webhooks).toEqual([
      { ...made, key, name: 'X', isActive: true, events: [...events, 'transaction.deleted'] },
    ]);
    await running.close();
    await start();
    await eventually(() => fake.requestsTo('GET /webhooks').length > 1);
    expect(fake.requests.filter(({ method }) => method !== 'GET')).toHaveLength(1);
  });

  it('finds its webhook on a later page', async () => {
    for (let i = 0; i < 130; i += 1) {
      fake.addWebhook({ url: `https://x.example.com/${i}`, events: EVENTS });
    }
    fake.addWebhook({ url: hook(), events: EVENTS });
    await start();
    await eventually(() => fake.requestsTo('GET /webhooks').length === 2);
    expect(fake.webhooks).toHaveLength(131);
  });

  it.each<[FakeApiVariants['webhookKeys'], created: number, left: number]>([
    ['unique', 1, 1],
    ['generated', 5, 1],
    // None of them could be deleted without the others.
    ['repeatable', 5, 5],
  ])('bears that many processes boot at once, keys being %s', async (keys, created, left) => {
    fake.apiVariants.webhookKeys = keys;
    fake.misbehave({ type: 'slow', ms: 300 }, { on: 'POST /webhooks' });
    useFakeClock();
    const ports = await Promise.all(Array.from({ length: 5 }, freePort));
    const apps = await Promise.all(ports.map((each) => start({}, {}, each)));
    await pass(10_000, 100);
    const posts = fake.requestsTo('POST /webhooks');
    expect(posts.filter(({ status }) => status === 201)).toHaveLength(created);
    expect(fake.webhooks).toHaveLength(left);
    // Nest has one logger for all apps of a process.
    const warned = apps.some(({ logger }) => logger.text.includes('Several webhooks'));
    expect(warned).toBe(left > 1);
    const body = eventBody('transaction.created');
    for (const { secret } of fake.webhooks) {
      const answers = apps.map(({ url }) => deliver(`${url}/hook`, body, { secret }));
      const statuses = (await Promise.all(answers)).map(({ status }) => status);
      expect(statuses).toEqual([201, 201, 201, 201, 201]);
    }
  });

  it('makes do with a key of Partnero’s, where its own is refused', async () => {
    const errors = JSON.stringify({ errors: { key: ['The key is too long.'] } });
    const refusal = { type: 'status', status: 422, body: errors } as const;
    fake.misbehave(
      { ...refusal, contentType: 'application/json' },
      { on: 'POST /webhooks', times: 1 },
    );
    await ensured(await start());
    expect(fake.webhooks).toMatchObject([{ url: hook() }]);
    const [withKey, without] = fake.requestsTo('POST /webhooks').map(({ body }) => body);
    expect(withKey).toMatchObject({ key: expect.stringContaining('nestjs-partnero-') as string });
    expect(without).not.toHaveProperty('key');
  });

  it('says what Partnero refuses', async () => {
    const running = await start({ events: ['subscriber.created'] });
    await eventually(() => running.logger.ours('error').length > 0);
    expect(running.logger.ours('error').join()).toMatch(/webhooks\.ensure.*422.*events/s);
    expect(fake.webhooks).toEqual([]);
  });

  it('warns if another webhook delivers the same', async () => {
    fake.addWebhook({ url: hook(), events: EVENTS, name: 'by hand' });
    fake.addWebhook({ url: hook(), events: EVENTS, name: 'nestjs-partnero' });
    const running = await start();
    await eventually(() => running.logger.ours('warn').join().includes('Several webhooks'));
    expect(fake.webhooks).toHaveLength(2);
    const deliveries = await fake.sendEvent('transaction.created', {}, { backoffMs: 20 });
    expect(deliveries.map(({ delivered }) => delivered)).toEqual([true, true]);
  });

  it('keeps what may be secret in the address out of the log', async () => {
    const running = await start({ url: `${hook()}?token=open-sesame` });
    await ensured(running);
    expect(fake.webhooks[0]!.url).toContain('open-sesame');
    expect(running.logger.text).not.toContain('open-sesame');
  });
});

describe('while Partnero is down', () => {
  it('the app boots, answers 503, and takes events once Partnero is back', async () => {
    await fake.down();
    const running = await start();
    const body = eventBody('transaction.created');
    expect((await deliver(`${running.url}/hook`, body)).status).toBe(503);
    expect((await deliver(`${running.url}/hook`, body, { signature: null })).status).toBe(401);
    await eventually(() => running.logger.ours('error').length > 0);
    expect(running.logger.ours('error').join()).toMatch(
      /webhooks\.ensure: .* Until then, deliveries are answered 503/,
    );
    await fake.up();
    await ensured(running);
    const [delivery] = await fake.sendEvent('transaction.created', {}, { backoffMs: 20 });
    expect(delivery!.delivered).toBe(true);
  });

  it('a secret that was given goes on working', async () => {
    await fake.down();
    const running = await start({}, { webhooks: { secret: SECRET } });
    expect((await deliver(`${running.url}/hook`, eventBody('transaction.created'))).status).toBe(
      201,
    );
  });

  it('a shutdown does not wait for it', async () => {
    fake.misbehave({ type: 'hang' });
    const running = await start();
    await eventually(() => fake.requestsTo('GET /webhooks').length > 0);
    const before = performance.now();
    await running.close();
    expect(performance.now() - before).toBeLessThan(2_000);
    expect(running.logger.ours('error')).toEqual([]);
  });

  it('it is asked again, ever more slowly, and complains once', async () => {
    await fake.down();
    useFakeClock();
    const running = await start();
    await pass(60_000);
    expect(running.logger.ours('error')).toHaveLength(1);
    fake.misbehave({ type: 'status', status: 503 });
    await fake.up();
    await pass(4 * 3_600_000, 60_000);
    const asked = fake.requestsTo('GET /webhooks').length;
    expect(asked).toBeGreaterThan(8);
    expect(asked).toBeLessThan(30);
    const errors = running.logger.ours('error');
    expect(errors.filter((line) => line.includes('was answered 503'))).toHaveLength(1);
    expect(new Set(errors).size).toBe(errors.length);
  });
});

describe('a webhook that is made anew in Partnero', () => {
  it('has its new secret asked for, but not at every signature that is wrong', async () => {
    const running = await start();
    await ensured(running);
    const asked = () => fake.requestsTo('GET /webhooks').length;
    const before = asked();
    useFakeClock();
    for (let i = 0; i < 20; i += 1) await deliver(`${running.url}/hook`, eventBody('x'));
    await pass(1_000);
    expect(asked()).toBe(before);
    fake.webhooks[0]!.secret = 'another-secret-16';
    await pass(61_000);
    for (let i = 0; i < 20; i += 1) await deliver(`${running.url}/hook`, eventBody('x'));
    await pass(1_000);
    expect(asked()).toBe(before + 1);
    useRealClock();
    const [delivery] = await fake.sendEvent('transaction.created', {}, { backoffMs: 20 });
    expect(delivery!.statuses).toEqual([201]);
  });
});

describe('without an API key', () => {
  it('nothing is asked, which is said', async () => {
    const running = await start({}, { apiKey: '' });
    expect(running.logger.ours('error').join()).toContain('webhooks.ensure needs an API key');
    expect((await deliver(`${running.url}/hook`, eventBody('x'))).status).toBe(503);
    expect(fake.requests).toEqual([]);
    expect(calls).toEqual([]);
  });
});
