import { BadRequestException, Controller, Param, Post } from '@nestjs/common';
import {
  AttributeReferral,
  Referral,
  type PartneroModuleOptions,
  type ReferralContext,
} from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { ADAPTERS, closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { visit } from '../support/sign-up-client.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

@Controller('friends')
class FriendsController {
  @Post(':id')
  @AttributeReferral({ name: 'referrals' })
  async signup(@Param('id') id: string, @Referral() referral: ReferralContext) {
    const outcome = await referral.attribute({ id });
    if (id.startsWith('failing')) throw new BadRequestException();
    return { outcome, key: referral.key };
  }
}

@Controller('class-level')
@AttributeReferral({ name: 'referrals' })
class ClassLevelController {
  @Post(':id')
  async signup(@Param('id') id: string, @Referral() referral: ReferralContext) {
    return { outcome: await referral.attribute({ id }), key: referral.key };
  }
}

@Controller('loose')
class LooseController {
  @Post('typo/:id')
  async typo(@Param('id') id: string, @Referral({ name: 'typo' }) referral: ReferralContext) {
    return { outcome: await referral.attribute({ id }) };
  }

  @Post(':id')
  async signup(@Param('id') id: string, @Referral() referral: ReferralContext) {
    const started = performance.now();
    const outcome = await referral.attribute({ id });
    return { outcome, ms: performance.now() - started };
  }
}

describe.each(ADAPTERS)('@Referral() on %s', (adapter) => {
  let affiliates: FakePartnero;
  let friends: FakePartnero;
  let running: RunningApp;

  async function start(options: PartneroModuleOptions = {}): Promise<void> {
    running = await startApp({
      adapter,
      imports: [
        partnero(affiliates, options),
        partnero(friends, { name: 'referrals', program: 'refer-a-friend' }),
      ],
      controllers: [FriendsController, ClassLevelController, LooseController],
    });
  }

  beforeEach(async () => {
    affiliates = await FakePartnero.start({ partners: ['ann'] });
    friends = await FakePartnero.start({ program: 'refer-a-friend', apiKey: 'friends-key' });
    friends.addCustomer({ id: 'old', key: 'friend' });
  });

  afterEach(async () => {
    await closeApps();
    await affiliates.stop();
    await friends.stop();
  });

  afterAll(removeTemporaryFolders);

  const cookie = 'partnero_partner=ann; partnero_referral=friend';
  const signUp = (path: string) => visit(`${running.url}/${path}`, { cookie });

  it.each(['friends', 'class-level'])(
    'without a name is of the program that the route attributes to: %s',
    async (path) => {
      await start();
      const response = await signUp(`${path}/new`);
      expect(await response.json()).toEqual({ outcome: 'queued', key: 'friend' });
      await eventually(() => friends.customers.length === 2);
      expect(affiliates.customers).toEqual([]);
    },
  );

  it('holds what it attributes there: a sign-up that fails is nobody’s', async () => {
    await start();
    expect((await signUp('friends/failing')).status).toBe(400);
    await signUp('friends/after');
    await eventually(() => friends.customers.length === 2);
    expect(friends.customers.map(({ id }) => id)).toEqual(['old', 'after']);
    expect(affiliates.customers).toEqual([]);
  });

  it('says once per route that there is no such program', async () => {
    await start();
    for (let i = 0; i < 2; i += 1) {
      expect(await (await signUp('loose/typo/new')).json()).toEqual({ outcome: 'disabled' });
    }
    expect(running.logger.ours('warn')).toEqual([
      expect.stringMatching(/LooseController\.typo.*'typo'/),
    ]);
  });

  it('says once outside tests that PartneroModule is missing', async () => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    try {
      running = await startApp({ adapter, controllers: [LooseController] });
      for (let i = 0; i < 2; i += 1) await signUp('loose/new');
      expect(running.logger.ours('warn')).toEqual([
        expect.stringMatching(/LooseController\.signup/),
      ]);
    } finally {
      process.env['NODE_ENV'] = before;
    }
  });

  it.each<[string, () => Promise<string>]>([
    ['hangs', () => new Promise(() => {})],
    ['is late', () => new Promise((resolve) => setTimeout(resolve, 90, 'ann'))],
  ])('waits no longer than acceptTimeoutMs for a resolver that %s', async (_, resolve) => {
    await start({ acceptTimeoutMs: 40, referral: { resolve } });
    const { outcome, ms } = (await (await signUp('loose/new')).json()) as {
      outcome: string;
      ms: number;
    };
    expect(outcome).toBe('accept_timeout');
    expect(ms).toBeLessThan(40);
  });

  it('attributes behind the answer what a resolver says late', async () => {
    const late = () => new Promise<string>((resolve) => setTimeout(resolve, 90, 'ann'));
    await start({ acceptTimeoutMs: 40, referral: { resolve: late } });
    await signUp('loose/new');
    await eventually(() => affiliates.customers.length === 1);
    expect(affiliates.customers).toMatchObject([{ key: 'new', partner: { key: 'ann' } }]);
  });
});
