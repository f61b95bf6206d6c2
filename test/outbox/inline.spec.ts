import { Controller, Param, Post } from '@nestjs/common';
import { AttributeReferral, inlineOutbox, PartneroService, type Outcome } from 'nestjs-partnero';
import { FakePartnero, type FakeFault } from 'nestjs-partnero/testing';
import { ADAPTERS, closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { visit } from '../support/sign-up-client.js';

@Controller()
class AuthController {
  @Post('signup/:id')
  @AttributeReferral()
  signup(@Param('id') id: string) {
    return { id };
  }
}

describe.each(ADAPTERS)('inlineOutbox() on %s', (adapter) => {
  let fake: FakePartnero;
  let running: RunningApp;
  let outcomes: Outcome[];

  beforeEach(async () => {
    outcomes = [];
    fake = await FakePartnero.start({ partners: ['ann'] });
    running = await startApp({
      adapter,
      imports: [
        partnero(fake, {
          outbox: inlineOutbox({ timeoutMs: 1_500 }),
          onOutcome: (outcome) => outcomes.push(outcome),
        }),
      ],
      controllers: [AuthController],
    });
  });

  afterEach(async () => {
    await closeApps();
    await fake.stop();
  });

  const stats = () => running.app.get(PartneroService).outbox.stats();

  async function signUp(id: string, partner = 'ann'): Promise<void> {
    const started = performance.now();
    const response = await visit(`${running.url}/signup/${id}`, { partner });
    expect(await response.json()).toEqual({ id });
    expect(performance.now() - started).toBeLessThan(4_000);
  }

  it('delivers inside the request', async () => {
    await signUp('1');
    expect(fake.customers).toMatchObject([{ key: '1' }]);
    expect(outcomes).toMatchObject([{ outcome: 'attributed', customerKey: '1' }]);
    expect(await stats()).toMatchObject({ queued: 1, pending: 0, outcomes: { attributed: 1 } });
  });

  it('takes a verdict for an outcome', async () => {
    await signUp('1', 'nobody');
    expect(outcomes).toMatchObject([{ outcome: 'unknown_partner' }]);
    expect(await stats()).toMatchObject({ queued: 1, outcomes: { unknown_partner: 1 } });
  });

  it.each<[string, FakeFault]>([
    ['500', { type: 'status', status: 500 }],
    ['rate_limited', { type: 'rate_limit', retryAfter: 1 }],
    ['401', { type: 'status', status: 401 }],
    ['aborted', { type: 'hang' }],
    ['network ECONNRESET', { type: 'reset_before' }],
  ])('loses it on %s, and says so', async (reason, fault) => {
    fake.misbehave(fault);
    await signUp('1');
    expect(outcomes).toMatchObject([{ outcome: 'accept_failed', customerKey: '1', reason }]);
    expect(running.logger.ours('error')).toEqual([expect.stringContaining(reason)]);
    expect(await stats()).toMatchObject({
      queued: 0,
      notAccepted: { accept_failed: 1 },
      storage: { ok: false, problem: expect.any(String) },
    });
    expect(fake.requestsTo('POST /customers')).toHaveLength(1);
    fake.heal();
    await signUp('2');
    expect(await stats()).toMatchObject({ queued: 1, storage: { ok: true } });
  });

  it('checks its options', () => {
    expect(() => inlineOutbox({ timeoutMs: 0 })).toThrow('inlineOutbox.timeoutMs');
  });
});
