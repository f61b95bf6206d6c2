import { jest } from '@jest/globals';
import { Body, Controller, Injectable, Post, UnauthorizedException } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  AttributeReferral,
  captureReferrals,
  InjectPartnero,
  PartneroService,
  Referral,
  type ReferralContext,
} from 'nestjs-partnero';
import {
  FakePartneroService,
  partneroMatchers,
  provideFakePartnero,
  type PartneroMatchers,
} from 'nestjs-partnero/testing';
import { ADAPTERS, startApp, closeApps } from '../support/app.js';

declare global {
  namespace jest {
    interface Matchers<R> extends PartneroMatchers<R> {}
  }
}

expect.extend(partneroMatchers);

@Injectable()
class AuthService {
  constructor(private readonly partnero: PartneroService) {}

  async verified(user: { id: number; email?: string }, key: string | null) {
    return this.partnero.attribute(this.partnero.referralFrom({ key }), user);
  }
}

@Controller()
class AuthController {
  @Post('signup')
  @AttributeReferral()
  signup(@Body() { id, ok = true }: { id: string; ok?: boolean }) {
    if (!ok) throw new UnauthorizedException();
    return { id, email: `${id}@example.com` };
  }

  @Post('by-hand')
  async byHand(@Referral() referral: ReferralContext) {
    return { outcome: await referral.attribute({ id: 'u2' }), from: referral.key };
  }
}

let partnero: FakePartneroService;

beforeEach(() => {
  partnero = new FakePartneroService();
});

afterEach(closeApps);

describe('a unit test with provideFakePartnero()', () => {
  it('sees the sign-up that a service attributes', async () => {
    const moduleRef = await Test.createTestingModule({
      providers: [AuthService, ...provideFakePartnero(partnero)],
    }).compile();
    const auth = moduleRef.get(AuthService);
    expect(await auth.verified({ id: 7, email: 'ada@example.com' }, 'ann')).toBe('queued');
    expect(partnero).toHaveAttributed({ customer: 7, partner: 'ann' });
    expect(partnero.attributions).toEqual([
      { customer: '7', partner: 'ann', email: 'ada@example.com' },
    ]);
    expect(moduleRef.get(PartneroService)).toBe(partnero);
  });

  it('sees that a visitor whom nobody referred was not attributed', async () => {
    expect(await new AuthService(partnero).verified({ id: 7 }, null)).toBe('no_referral');
    expect(partnero).not.toHaveAttributed();
    expect((await partnero.outbox.stats()).notAccepted.no_referral).toBe(1);
  });

  it('makes a service of its own if none is given', async () => {
    const moduleRef = await Test.createTestingModule({
      providers: provideFakePartnero(),
    }).compile();
    await moduleRef.get(PartneroService).attribute({ key: 'ann' }, { id: 'u1' });
    expect(moduleRef.get(PartneroService)).toHaveAttributed({ customer: 'u1' });
  });

  it('calls a method of a controller with the referral of a partner, or of nobody', async () => {
    const controller = new AuthController();
    expect(await controller.byHand(partnero.referral('ann'))).toEqual({
      outcome: 'queued',
      from: 'ann',
    });
    expect(partnero).toHaveAttributed({ customer: 'u2', partner: 'ann' });
    expect((await controller.byHand(partnero.referral())).outcome).toBe('no_referral');
  });

  it('records of a referral the last call alone, and nothing if it is skipped, as a route does', async () => {
    const referral = partnero.referral('ann');
    await referral.attribute({ id: 'owner' });
    await referral.attribute({ id: 'member' });
    expect(partnero.attributions).toEqual([{ customer: 'member', partner: 'ann' }]);
    referral.skip();
    expect(partnero.attributions).toEqual([]);
    await referral.attribute({ id: 'owner' });
    await partnero.referral('ann').attribute({ id: 'other' });
    expect(partnero.attributions.map(({ customer }) => customer)).toEqual(['owner', 'other']);
  });

  it('records a named program under its own token', async () => {
    @Injectable()
    class Friends {
      constructor(@InjectPartnero('friends') readonly friends: PartneroService<'refer-a-friend'>) {}
    }
    const friends = new FakePartneroService<'refer-a-friend'>({
      name: 'friends',
      program: 'refer-a-friend',
    });
    const providers = [Friends, ...provideFakePartnero(partnero), ...provideFakePartnero(friends)];
    const moduleRef = await Test.createTestingModule({ providers }).compile();
    await moduleRef.get(Friends).friends.attribute(null, { id: 'u1' });
    expect(friends).toHaveAttributed({ customer: 'u1', partner: null });
    expect(partnero).not.toHaveAttributed();
  });
});

describe.each(ADAPTERS)('a test over HTTP on %s with provideFakePartnero()', (adapter) => {
  const start = async () => {
    const { url } = await startApp({
      adapter,
      controllers: [AuthController],
      providers: provideFakePartnero(partnero),
      prepare: (app) => void app.use(captureReferrals(app)),
    });
    return (path: string, body: object, cookie = 'partnero_partner=ann') =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie },
        body: JSON.stringify(body),
      });
  };

  it('sees the sign-up of a route with @AttributeReferral()', async () => {
    const post = await start();
    expect((await post('/signup', { id: 'u1' })).status).toBe(201);
    expect(partnero).toHaveAttributed({ customer: 'u1', partner: 'ann', email: 'u1@example.com' });
  });

  it('sees no sign-up that failed or that nobody referred', async () => {
    const post = await start();
    expect((await post('/signup', { id: 'u1', ok: false })).status).toBe(401);
    expect((await post('/signup', { id: 'u1' }, '')).status).toBe(201);
    expect(partnero).not.toHaveAttributed();
  });

  it('sees what referral.attribute() is called with, and lets links be captured', async () => {
    const post = await start();
    const response = await post('/by-hand?aff=bob', {}, '');
    expect(await response.json()).toEqual({ outcome: 'queued', from: 'bob' });
    expect(partnero).toHaveAttributed({ customer: 'u2', partner: 'bob' });
  });
});

describe('FakePartneroService', () => {
  const sale = { key: 'inv-1', customer: { key: 7 }, amount: { amount: '49.00', currency: 'USD' } };

  it('records sales, refunds and erasures, each once', async () => {
    expect((await partnero.transactions.record(sale)).outcome).toBe('queued');
    expect((await partnero.transactions.record(sale)).outcome).toBe('duplicate');
    const other = { ...sale, amount: { amount: '5.00', currency: 'USD' } };
    expect((await partnero.transactions.record(other)).outcome).toBe('conflict');
    expect(partnero.sales).toHaveLength(1);
    expect(partnero).toHaveRecordedSale({ key: 'inv-1', customer: 7, amount: sale.amount });

    expect(partnero).not.toHaveRefunded();
    await partnero.transactions.refund('inv-1');
    expect(partnero).toHaveRefunded({ key: 'inv-1' });
    expect((await partnero.transactions.record(sale)).outcome).toBe('refunded');

    await partnero.customers.erase('u1');
    expect((await partnero.customers.erase('u1')).outcome).toBe('duplicate');
    expect(partnero).toHaveErased({ customer: 'u1' });
    expect(partnero.erasures).toHaveLength(1);
  });

  it('refuses the same input as the real service', async () => {
    await expect(
      partnero.transactions.record({ ...sale, amount: { amount: 'much', currency: 'USD' } }),
    ).rejects.toMatchObject({ kind: 'invalid_input' });
    expect(partnero).not.toHaveRecordedSale();
  });

  it('finds, counts, forgets and clears what it recorded', async () => {
    await partnero.attribute({ key: 'ann' }, { id: 'u1' });
    await partnero.transactions.record({ ...sale, customer: { id: 'u1' } });
    expect(await partnero.outbox.stats()).toMatchObject({ queued: 2, pending: 2, outcomes: {} });
    expect(await partnero.outbox.find({ customerKey: 'u1' })).toMatchObject([
      { jobName: 'transaction', key: 'inv-1' },
      { jobName: 'attribution', referralKey: 'ann', state: 'pending' },
    ]);
    expect(await partnero.outbox.forget({ customerKey: 'u1' })).toMatchObject({ forgotten: 2 });
    await partnero.attribute({ key: 'ann' }, { id: 'u2' });
    partnero.clear();
    expect(partnero.attributions).toEqual([]);
  });

  it('rejects a call to Partnero, and says what to do', async () => {
    await expect(partnero.customers.get('u1')).rejects.toThrow(
      'FakePartneroService sends nothing, but GET /customers/u1 was called. Mock the method',
    );
    jest.spyOn(partnero.customers, 'get').mockResolvedValue({ key: 'u1' });
    expect(await partnero.customers.get('u1')).toEqual({ key: 'u1' });
  });
});

describe('the matchers', () => {
  it('say what was recorded instead', async () => {
    await partnero.attribute({ key: 'ann' }, { id: 'u1' });
    expect(() => expect(partnero).toHaveAttributed({ customer: 'u1', partner: 'bob' })).toThrow(
      "Expected a sign-up with { customer: 'u1', partner: 'bob' }. " +
        "Recorded: [ { customer: 'u1', partner: 'ann' } ]",
    );
    expect(() => expect(partnero).not.toHaveAttributed({ customer: 'u1' })).toThrow(
      'Expected no sign-up',
    );
  });

  it('take the matchers of the framework for a field', async () => {
    await partnero.attribute({ key: 'ann' }, { id: 'u1', tags: ['new'] });
    expect(partnero).toHaveAttributed({ tags: expect.arrayContaining(['new']) });
    expect(partnero).not.toHaveAttributed({ customer: expect.stringContaining('x') });
  });

  it('refuse anything else', () => {
    expect(() => expect({}).toHaveErased()).toThrow('These matchers take a FakePartneroService');
  });
});
