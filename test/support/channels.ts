import { AsyncLocalStorage } from 'node:async_hooks';
import { BadRequestException, Body, Controller, Injectable, Param, Post } from '@nestjs/common';
import {
  AttributeReferral,
  OnPartneroEvent,
  onPartneroMessage,
  onPartneroTrace,
  PartneroService,
  Referral,
  type DeliverTrace,
  type OutboxDefinition,
  type PartneroMessages,
  type PartneroModuleOptions,
  type ReferralContext,
} from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { closeApps, partnero, startApp } from './app.js';
import { deliver, eventBody, SECRET } from './deliveries.js';
import { eventually } from './eventually.js';
import { visit } from './sign-up-client.js';
import { WebhookController } from './webhook.controller.js';

const EMAIL = 'u1@example.com';
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const contexts = new AsyncLocalStorage<string>();

interface Received {
  readonly channel: keyof PartneroMessages;
  readonly message: PartneroMessages[keyof PartneroMessages];
  readonly context: string | undefined;
}

@Controller()
class SignUpController {
  constructor(private readonly partnero: PartneroService) {}

  @Post('signup/:id')
  @AttributeReferral()
  signup(@Param('id') id: string, @Body() body: { email: string }) {
    return { id, ...body };
  }

  @Post('fail/:id')
  @AttributeReferral()
  async fail(@Param('id') id: string, @Referral() referral: ReferralContext) {
    await referral.attribute({ id });
    throw new BadRequestException();
  }

  @Post('sale')
  sale() {
    const amount = { amount: '49.00', currency: 'USD' } as const;
    return this.partnero.transactions.record({ key: 'inv-1', customer: { id: 'u1' }, amount });
  }
}

@Injectable()
class Handlers {
  @OnPartneroEvent('partner.created', { id: 'welcome' })
  welcome() {}
}

/** For any engine: what it publishes. */
export function describeChannels(
  makeOutbox: () => OutboxDefinition,
  { isDurable = true } = {},
): void {
  let fake: FakePartnero;
  let outbox: OutboxDefinition;
  let received: Received[];
  let stop: (() => void)[];

  beforeEach(async () => {
    fake = await FakePartnero.start({ partners: ['ann'] });
    outbox = makeOutbox();
    received = [];
    const names = [
      'queued',
      'delivered',
      'retry',
      'dead-letter',
      'discarded',
      'paused',
      'resumed',
      'webhook',
    ] as const;
    stop = names.map((channel) =>
      onPartneroMessage(channel, (message) => {
        received.push({ channel, message, context: contexts.getStore() });
      }),
    );
  });

  afterEach(async () => {
    for (const each of stop) each();
    await closeApps();
    await fake.stop();
  });

  function start(options: PartneroModuleOptions = {}) {
    return contexts.run('app', () =>
      startApp({
        options: { rawBody: true },
        imports: [partnero(fake, { outbox, webhooks: { secret: SECRET }, ...options })],
        controllers: [SignUpController, WebhookController],
        providers: [Handlers],
        prepare: (app) => {
          app.use((_request: unknown, _response: unknown, next: () => void): void =>
            contexts.run('request', next),
          );
        },
      }),
    );
  }

  const signUp = (url: string, id: string) =>
    visit(`${url}/signup/${id}`, { partner: 'ann', body: { email: EMAIL } });

  /** Waits for a message; returns all that came on its channel. */
  async function on(channel: keyof PartneroMessages, times = 1) {
    await eventually(() => received.filter((each) => each.channel === channel).length >= times);
    return received.filter((each) => each.channel === channel);
  }

  it('a sign-up is published once when it is queued and once when it is delivered', async () => {
    const { url } = await start();
    await signUp(url, 'u1');
    const [queued, ...moreQueued] = await on('queued');
    const [delivered, ...moreDelivered] = await on('delivered');
    const job = {
      program: 'default',
      jobName: 'attribution',
      jobId: expect.any(String) as string,
      customerKey: 'u1',
    };
    expect(queued).toEqual({ channel: 'queued', message: job, context: 'request' });
    expect(delivered).toMatchObject({
      message: { ...job, outcome: 'attributed', queuedAt: expect.any(Date) as Date },
      context: 'app',
    });
    expect(queued?.message).toHaveProperty('jobId', Reflect.get(delivered!.message, 'jobId'));
    expect([...moreQueued, ...moreDelivered]).toEqual([]);
  });

  it('a webhook is published, and so is its event at each handler where it is queued', async () => {
    const { url } = await start();
    await deliver(`${url}/hook`, eventBody('partner.created', { email: EMAIL }));
    const [webhook] = await on('webhook');
    expect(webhook).toMatchObject({
      message: { program: 'default', event: 'partner.created', queued: 1, duplicates: 0 },
      context: 'request',
    });
    if (!isDurable) return;
    const [delivered] = await on('delivered');
    const job = { program: 'default', jobName: 'event', handler: 'welcome', outcome: 'handled' };
    expect(delivered).toMatchObject({ message: job, context: 'app' });
    expect(await on('queued')).toHaveLength(1);
  });

  it('no message holds an e-mail address or the API key', async () => {
    const { url } = await start();
    await signUp(url, EMAIL);
    await deliver(`${url}/hook`, eventBody('partner.created', { email: EMAIL }));
    await on('delivered');
    await on('webhook');
    const all = JSON.stringify(received);
    expect(all).toContain('sha256:');
    expect(all).not.toContain(EMAIL);
    expect(all).not.toContain(fake.apiKey);
  });

  it('the trace context that is set while a sign-up is queued comes with its delivery', async () => {
    const deliveries: DeliverTrace[] = [];
    stop.push(
      onPartneroTrace('queue', {
        start: (trace) => (trace.traceparent = TRACEPARENT),
        end: ({ jobId, outcome }) => expect([jobId, outcome]).toEqual([expect.any(String), null]),
      }),
      onPartneroTrace('deliver', {
        start: (trace) => (trace.around = (work) => contexts.run('traced', work)),
        end: (trace) => deliveries.push(trace),
      }),
    );
    if (isDurable) {
      // Saved by a process that delivers nothing, and delivered after a restart.
      const first = await start({ delivery: { concurrency: 0 } });
      await signUp(first.url, 'u1');
      await first.close();
    }
    const { url } = await start();
    if (isDurable) await visit(`${url}/sale`);
    else await signUp(url, 'u1');
    await on('delivered', isDurable ? 2 : 1);
    expect(deliveries.map(({ traceparent }) => traceparent)).toEqual(
      deliveries.map(() => TRACEPARENT),
    );
    expect(deliveries[0]).toMatchObject({ jobName: 'attribution', attempts: 0 });
    expect(deliveries[0]?.result).toMatchObject({ type: 'completed', outcome: 'attributed' });
    expect(fake.customers).toMatchObject([{ key: 'u1', email: EMAIL }]);
  });

  if (!isDurable) return;

  it('a failed attempt, a dead letter and its requeueing are published once each', async () => {
    fake.misbehave({ type: 'status', status: 503 }, { on: 'POST /customers', times: 1 });
    const first = await start();
    await signUp(first.url, 'u1');
    await on('delivered');
    expect(await on('retry')).toMatchObject([
      { message: { jobName: 'attribution', reason: '503', attempts: 1 }, context: 'app' },
    ]);
    await first.close();

    fake.misbehave({ type: 'status', status: 503 }, { on: 'POST /customers', times: 1 });
    const second = await start({ delivery: { maxAgeDays: 0 } });
    await signUp(second.url, 'u2');
    expect(await on('dead-letter')).toMatchObject([
      { message: { jobName: 'attribution', customerKey: 'u2', reason: '503' }, context: 'app' },
    ]);
    await second.app.get(PartneroService).outbox.requeue();
    expect(await on('delivered', 2)).toHaveLength(2);
    expect(await on('retry')).toHaveLength(1);
    expect(await on('queued')).toHaveLength(2);
  });

  it('a sign-up that fails after it was queued is published as discarded', async () => {
    const { url } = await start();
    await visit(`${url}/fail/u1`, { partner: 'ann' });
    const [queued] = await on('queued');
    const { jobId } = queued!.message as PartneroMessages['queued'];
    expect((await on('discarded')).map(({ message }) => message)).toEqual([
      { program: 'default', jobId },
    ]);
    expect(received.some(({ channel }) => channel === 'delivered')).toBe(false);
  });

  it('a rejected key is published as a pause, and its acceptance as the end of it', async () => {
    fake.misbehave({ type: 'status', status: 401 });
    const { url } = await start();
    await signUp(url, 'u1');
    expect(await on('paused')).toMatchObject([
      { message: { program: 'default', reason: 'unauthorized' }, context: 'app' },
    ]);
    fake.heal();
    expect((await on('resumed')).map(({ message, context }) => ({ message, context }))).toEqual([
      { message: { program: 'default', reason: 'unauthorized' }, context: 'app' },
    ]);
    await on('delivered');
  });
}
