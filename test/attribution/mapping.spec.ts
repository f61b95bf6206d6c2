import { Body, Controller, Param, Post } from '@nestjs/common';
import {
  AttributeReferral,
  PartneroService,
  Referral,
  type Outcome,
  type ReferralContext,
} from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { ADAPTERS, closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { settled, visit } from '../support/sign-up-client.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

class Account {
  constructor(
    readonly id: string,
    readonly isNew: boolean,
  ) {}
}

class ObjectId {
  constructor(private readonly hex: string) {}
  toString() {
    return this.hex;
  }
}

const RESULTS: Record<string, () => unknown> = {
  nothing: () => undefined,
  text: () => 'user-1',
  list: () => [{ id: 'user-1' }],
  objectId: () => ({ id: new ObjectId('64b0c0ffee') }),
  nested: () => ({ user: { id: 'user-1' } }),
  emptyId: () => ({ id: '' }),
  fraction: () => ({ id: 1.5 }),
  unsafe: () => ({ id: 2 ** 53 }),
  nan: () => ({ id: Number.NaN }),
  thrower: () => ({
    get id(): string {
      throw new Error('lazy loading failed');
    },
  }),
};

@Controller()
class MappingController {
  @Post('new/:id')
  @AttributeReferral((account: Account, request: { headers: Record<string, string> }) =>
    account.isNew ? { key: account.id, name: request.headers['x-name'] } : null,
  )
  account(@Param('id') id: string, @Body() { isNew }: { isNew: boolean }) {
    return new Account(id, isNew);
  }

  @Post('later/:id')
  @AttributeReferral(async (account: { id: string }) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return account;
  })
  later(@Param('id') id: string) {
    return { id };
  }

  @Post('throws')
  @AttributeReferral(() => {
    throw new TypeError('of ada@example.com');
  })
  throws() {
    return { id: 'fine' };
  }

  @Post('rejects')
  @AttributeReferral(() => Promise.reject(new TypeError('of ada@example.com')))
  rejects() {
    return { id: 'fine' };
  }

  @Post('rubbish')
  @AttributeReferral(() => 'user-1' as never)
  rubbish() {
    return { id: 'fine' };
  }

  @Post('false')
  @AttributeReferral(() => false as const)
  nope() {
    return { id: 'fine' };
  }

  @Post('unmapped/:what')
  @AttributeReferral()
  unmapped(@Param('what') what: string) {
    return RESULTS[what]!();
  }

  @Post('by-hand/:what')
  @AttributeReferral((result: { id: string }) => result)
  async byHand(@Param('what') what: string, @Referral() referral: ReferralContext) {
    const outcomes: string[] = [];
    if (what.includes('attribute')) outcomes.push(await referral.attribute({ id: 'by-hand' }));
    if (what.includes('again')) outcomes.push(await referral.attribute({ id: 'again' }));
    if (what.includes('race')) {
      outcomes.push(
        ...(await Promise.all([1, 2, 3].map((n) => referral.attribute({ id: `race-${n}` })))),
      );
    }
    if (what.includes('unawaited')) void referral.attribute({ id: 'unawaited' });
    if (what.includes('rubbish')) outcomes.push(await referral.attribute({}));
    if (what.includes('skip')) referral.skip();
    return { id: 'mapped', outcomes };
  }

  @Post('silent')
  @AttributeReferral()
  silent(@Referral() referral: ReferralContext) {
    return { url: `/welcome?key=${referral.key}` };
  }
}

describe.each(ADAPTERS)('the new customer, on %s', (adapter) => {
  let fake: FakePartnero;
  let running: RunningApp;
  let outcomes: Outcome[];

  beforeEach(async () => {
    outcomes = [];
    fake = await FakePartnero.start({ partners: ['ann'] });
    running = await startApp({
      adapter,
      imports: [partnero(fake, { onOutcome: (outcome) => outcomes.push(outcome) })],
      controllers: [MappingController],
    });
  });

  afterEach(async () => {
    await closeApps();
    await fake.stop();
  });

  afterAll(removeTemporaryFolders);

  const stats = () => running.app.get(PartneroService).outbox.stats();
  const signUp = async (path: string, body?: unknown) => {
    const headers = { 'x-name': 'Ada' };
    const response = await visit(`${running.url}/${path}`, { partner: 'ann', body, headers });
    expect(response.status).toBe(201);
    return response;
  };
  const keys = () => fake.customers.map(({ key }) => key);

  it('is made by the mapper of result and request', async () => {
    await signUp('new/user-1', { isNew: true });
    await settled(running.app, 1);
    expect(fake.customers).toMatchObject([{ key: 'user-1', name: 'Ada' }]);
  });

  it.each([
    ['null', 'new/user-1', { isNew: false }],
    ['false', 'false', undefined],
  ])('is nobody, quietly, when the mapper says %s', async (_, path, body) => {
    await signUp(path, body);
    const { queued, notAccepted } = await stats();
    expect([queued, notAccepted.no_customer]).toEqual([0, 1]);
    expect(running.logger.ours('warn')).toEqual([]);
    expect(outcomes).toMatchObject([
      { outcome: 'no_customer', reason: 'not_a_new_customer', referralKey: 'ann' },
    ]);
  });

  it('is awaited from a mapper that takes its time', async () => {
    await signUp('later/user-1');
    await settled(running.app, 1);
    expect(keys()).toEqual(['user-1']);
  });

  it.each(['throws', 'rejects', 'rubbish'])(
    'is nobody, with one warning, when the mapper %s',
    async (path) => {
      const response = await signUp(path);
      expect(await response.json()).toEqual({ id: 'fine' });
      await signUp(path);
      const { queued, notAccepted } = await stats();
      expect([queued, notAccepted.no_customer]).toEqual([0, 2]);
      const warnings = running.logger.ours('warn');
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain(`MappingController.${path}`);
      expect(warnings[0]).not.toContain('ada@example.com');
      const place = /its mapper threw TypeError at test\/attribution\/mapping\.spec\.ts:\d+/;
      if (path !== 'rubbish') expect(warnings[0]).toMatch(place);
    },
  );

  it.each(Object.keys(RESULTS).filter((what) => what !== 'thrower'))(
    'is not guessed from a result like %s',
    async (what) => {
      await signUp(`unmapped/${what}`);
      await signUp(`unmapped/${what}`);
      const { queued, notAccepted } = await stats();
      expect([queued, notAccepted.no_customer]).toEqual([0, 2]);
      const warnings = running.logger.ours('warn');
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatch(/MappingController\.unmapped.*mapper/);
    },
  );

  it.each([
    ['by-hand/attribute', ['by-hand'], ['queued'], 1],
    ['by-hand/unawaited', ['unawaited'], [], 1],
    ['by-hand/attribute-again', ['again'], ['queued', 'queued'], 2],
    ['by-hand/race', ['race-3'], ['queued', 'queued', 'queued'], 3],
    ['by-hand/none', ['mapped'], [], 1],
  ])('is by hand what the last call says: %s', async (path, expected, answers, queued) => {
    const response = await signUp(path);
    expect(await response.json()).toEqual({ id: 'mapped', outcomes: answers });
    const { outcomes: sums } = await settled(running.app, queued);
    expect(keys()).toEqual(expected);
    expect(sums['discarded'] ?? 0).toBe(queued - 1);
    await eventually(() => outcomes.length === queued);
  });

  it.each([
    ['by-hand/skip', 0, 0],
    ['by-hand/attribute-skip', 1, 1],
    ['by-hand/attribute-rubbish', 1, 1],
  ])('is nobody after %s', async (path, queued, discarded) => {
    await signUp(path);
    const { outcomes: sums } = await settled(running.app, queued);
    expect(sums['discarded'] ?? 0).toBe(discarded);
    expect(keys()).toEqual([]);
  });

  it('is not missed where the handler has @Referral() and attributes nobody', async () => {
    await signUp('silent');
    expect((await stats()).notAccepted.no_customer).toBe(1);
    expect(running.logger.ours('warn')).toEqual([]);
  });

  it('is not looked for without a key, quietly', async () => {
    await visit(`${running.url}/unmapped/nested`, {});
    await visit(`${running.url}/throws`, {});
    const { queued, notAccepted } = await stats();
    expect([queued, notAccepted]).toEqual([
      0,
      { no_referral: 2, no_customer: 0, disabled: 0, accept_failed: 0, accept_timeout: 0 },
    ]);
    expect(running.logger.ours('warn')).toEqual([]);
    expect(outcomes.map(({ outcome, route }) => [outcome, route])).toEqual([
      ['no_referral', 'MappingController.unmapped'],
      ['no_referral', 'MappingController.throws'],
    ]);
  });
});
