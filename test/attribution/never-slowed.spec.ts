import { Controller, Param, Post } from '@nestjs/common';
import {
  AttributeReferral,
  PartneroService,
  type Outcome,
  type OutboxDefinition,
  type PartneroModuleOptions,
  sqliteOutbox,
} from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { ADAPTERS, closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { settled, visit } from '../support/sign-up-client.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

let open: () => void;

@Controller()
class AuthController {
  @Post('signup/:id')
  @AttributeReferral()
  signup(@Param('id') id: string) {
    return { id };
  }

  @Post('slow-mapper/:id')
  @AttributeReferral(async (user: { id: string }) => {
    await new Promise<void>((resolve) => (open = resolve));
    return user;
  })
  slowMapper(@Param('id') id: string) {
    return { id };
  }
}

/** The embedded outbox on a disk that takes its time, or doesn't work at all. */
function hinderedOutbox(hinder: () => Promise<void>): OutboxDefinition {
  const definition = sqliteOutbox({ path: `${temporaryFolder()}/outbox.db` });
  return {
    ...definition,
    create(context) {
      const outbox = definition.create(context);
      const enqueue = outbox.enqueue.bind(outbox);
      outbox.enqueue = async (...args) => {
        await hinder();
        return enqueue(...args);
      };
      return outbox;
    },
  };
}

describe.each(ADAPTERS)('a sign-up that something of ours holds up, on %s', (adapter) => {
  let fake: FakePartnero;
  let outcomes: Outcome[];

  beforeEach(async () => {
    outcomes = [];
    fake = await FakePartnero.start({ partners: ['ann'] });
  });

  afterEach(async () => {
    await closeApps();
    await fake.stop();
  });

  afterAll(removeTemporaryFolders);

  function start(options: PartneroModuleOptions): Promise<RunningApp> {
    const onOutcome = (outcome: Outcome) => void outcomes.push(outcome);
    return startApp({
      adapter,
      imports: [partnero(fake, { acceptTimeoutMs: 50, onOutcome, ...options })],
      controllers: [AuthController],
    });
  }

  async function answersInTime(running: RunningApp, path: string): Promise<void> {
    const started = performance.now();
    const response = await visit(`${running.url}/${path}`, { partner: 'ann' });
    expect(response.status).toBe(201);
    expect(performance.now() - started).toBeLessThan(1_000);
  }

  it('goes on without a slow commit, which is kept all the same', async () => {
    const running = await start({
      outbox: hinderedOutbox(() => new Promise((resolve) => (open = resolve))),
    });
    await answersInTime(running, 'signup/1');
    expect(fake.customers).toHaveLength(0);
    open();
    await settled(running.app, 1);
    await eventually(() => outcomes.length === 1);
    expect(outcomes).toMatchObject([{ outcome: 'attributed', late: true }]);
    const warnings = running.logger.ours('warn');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/AuthController\.signup.*acceptTimeoutMs/);
    const { notAccepted } = await running.app.get(PartneroService).outbox.stats();
    expect(notAccepted.accept_timeout).toBe(0);
  });

  it('goes on without a slow mapper, whose customer is attributed all the same', async () => {
    const running = await start({});
    await answersInTime(running, 'slow-mapper/1');
    open();
    await settled(running.app, 1);
    expect(fake.customers).toMatchObject([{ key: '1' }]);
  });

  it('goes on without a hanging resolver, whose key is used all the same', async () => {
    const running = await start({
      referral: { resolve: () => new Promise((resolve) => (open = () => resolve('ann'))) },
    });
    await answersInTime(running, 'signup/1');
    open();
    await settled(running.app, 1);
    expect(fake.customers).toMatchObject([{ key: '1', partner: { key: 'ann' } }]);
  });

  it('is not failed by an outbox that fails; that is counted and said', async () => {
    const outbox = hinderedOutbox(() => Promise.reject(new Error('disk on fire')));
    const running = await start({ outbox });
    await answersInTime(running, 'signup/1');
    await answersInTime(running, 'signup/2');
    const { queued, notAccepted } = await running.app.get(PartneroService).outbox.stats();
    expect([queued, notAccepted.accept_failed]).toEqual([0, 2]);
    expect(outcomes).toMatchObject([
      { outcome: 'accept_failed', customerKey: '1', route: 'AuthController.signup' },
      { outcome: 'accept_failed', customerKey: '2' },
    ]);
    const losses = running.logger.ours('error').filter((line) => line.includes('is lost'));
    expect(losses).toEqual([expect.stringContaining('Customer 1, partner ann.')]);
  });

  it('is not failed by onOutcome throwing', async () => {
    const running = await start({
      onOutcome: () => {
        throw new TypeError('of ada@example.com');
      },
    });
    await answersInTime(running, 'signup/1');
    await settled(running.app, 1);
    await eventually(() => running.logger.ours('error').length === 1);
    expect(running.logger.ours('error')[0]).toContain('onOutcome threw TypeError');
    expect(running.logger.text).not.toContain('ada@example.com');
  });

  it.each([
    ['down', (fake: FakePartnero) => fake.down()],
    ['hanging', async (fake: FakePartnero) => fake.misbehave({ type: 'hang' })],
    ['failing', async (fake: FakePartnero) => fake.misbehave({ type: 'status', status: 500 })],
    ['refusing', async (fake: FakePartnero) => fake.misbehave({ type: 'status', status: 401 })],
  ])('does not notice that Partnero is %s', async (_, break_) => {
    const running = await start({ timeoutMs: 100 });
    await break_(fake);
    await Promise.all(Array.from({ length: 20 }, (__, i) => answersInTime(running, `signup/${i}`)));
    expect(await running.app.get(PartneroService).outbox.stats()).toMatchObject({
      queued: 20,
      pending: 20,
    });
    fake.heal();
    await fake.up();
    await settled(running.app, 20);
    expect(fake.customers).toHaveLength(20);
  });
});
