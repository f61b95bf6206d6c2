import { Controller, Inject, Injectable, Module, Param, Post } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import {
  AttributeReferral,
  getPartneroToken,
  InjectPartnero,
  PartneroConfigurationError,
  PartneroModule,
  PartneroService,
  sqliteOutbox,
  type PartneroModuleOptions,
  type PartneroOptionsFactory,
} from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { closeApps, partnero, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { settled, visit } from '../support/sign-up-client.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

let fake: FakePartnero;

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann'] });
});

afterEach(async () => {
  await closeApps();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

const optionsOf = (fake: FakePartnero): PartneroModuleOptions => ({
  apiKey: fake.apiKey,
  baseUrl: fake.baseUrl,
  verifyOnBoot: false,
  outbox: sqliteOutbox({ path: `${temporaryFolder()}/outbox.db` }),
});

async function attributes(service: PartneroService): Promise<void> {
  const before = fake.customers.length;
  expect(await service.attribute({ key: 'ann' }, { id: `user-${before}` })).toBe('queued');
  await eventually(() => fake.customers.length === before + 1);
}

describe('forRootAsync', () => {
  it('takes a factory with injected services', async () => {
    const values = () => ({ KEY: fake.apiKey, URL: fake.baseUrl });
    const { app } = await startApp({
      imports: [
        PartneroModule.forRootAsync({
          imports: [ConfigModule.forRoot({ load: [values], ignoreEnvFile: true })],
          inject: [ConfigService],
          useFactory: (config: ConfigService) => ({
            ...optionsOf(fake),
            apiKey: config.get<string>('KEY'),
            baseUrl: config.get<string>('URL'),
          }),
        }),
      ],
    });
    await attributes(app.get(PartneroService));
  });

  @Injectable()
  class Factory implements PartneroOptionsFactory {
    createPartneroOptions(): Promise<PartneroModuleOptions> {
      return Promise.resolve(optionsOf(fake));
    }
  }

  it('takes a class', async () => {
    const { app } = await startApp({
      imports: [PartneroModule.forRootAsync({ useClass: Factory })],
    });
    await attributes(app.get(PartneroService));
  });

  it('takes an existing provider', async () => {
    @Module({ providers: [Factory], exports: [Factory] })
    class SettingsModule {}
    const { app } = await startApp({
      imports: [PartneroModule.forRootAsync({ imports: [SettingsModule], useExisting: Factory })],
    });
    await attributes(app.get(PartneroService));
  });

  it('takes name and isGlobal beside the factory', async () => {
    const { app } = await startApp({
      imports: [
        PartneroModule.forRootAsync({
          name: 'later',
          isGlobal: false,
          useFactory: () => optionsOf(fake),
        }),
      ],
    });
    await attributes(app.get(getPartneroToken('later')));
  });

  it('checks what the factory made', async () => {
    const starting = startApp({
      imports: [PartneroModule.forRootAsync({ useFactory: () => ({ timeoutMs: -1 }) })],
    });
    await expect(starting).rejects.toThrow('timeoutMs');
  });
});

describe('isGlobal', () => {
  @Injectable()
  class Elsewhere {
    constructor(@Inject(PartneroService) readonly partnero: PartneroService) {}
  }

  @Module({ providers: [Elsewhere] })
  class FeatureModule {}

  it('is the default: other modules inject without importing', async () => {
    const { app } = await startApp({ imports: [partnero(fake), FeatureModule] });
    await attributes(app.get(Elsewhere, { strict: false }).partnero);
  });

  it('can be switched off', async () => {
    const starting = startApp({ imports: [partnero(fake, { isGlobal: false }), FeatureModule] });
    await expect(starting).rejects.toThrow(/PartneroService/);
  });
});

describe('several programs in one app', () => {
  @Controller()
  class AuthController {
    constructor(
      readonly affiliates: PartneroService,
      @InjectPartnero('referrals') readonly referrals: PartneroService,
    ) {}

    @Post('partner/:id')
    @AttributeReferral()
    partner(@Param('id') id: string) {
      return { id };
    }

    @Post('friend/:id')
    @AttributeReferral((user: { id: string }) => user, { name: 'referrals' })
    friend(@Param('id') id: string) {
      return { id };
    }

    @Post('friend-unmapped/:id')
    @AttributeReferral({ name: 'referrals' })
    friendUnmapped(@Param('id') id: string) {
      return { id };
    }
  }

  it('each sends its own, from one file', async () => {
    const friends = await FakePartnero.start({ program: 'refer-a-friend', apiKey: 'friends-key' });
    friends.addCustomer({ id: 'old', key: 'friend' });
    const outbox = sqliteOutbox({ path: `${temporaryFolder()}/outbox.db` });
    const { url, app, logger } = await startApp({
      imports: [
        partnero(fake, { outbox }),
        partnero(friends, { outbox, name: 'referrals', program: 'refer-a-friend' }),
      ],
      controllers: [AuthController],
    });
    const cookie = 'partnero_partner=ann; partnero_referral=friend';
    await visit(`${url}/partner/1`, { cookie });
    await visit(`${url}/friend/2`, { cookie });
    await visit(`${url}/friend-unmapped/3`, { cookie });
    await settled(app, 1);
    await eventually(() => friends.customers.length === 3);
    expect(fake.customers.map(({ key }) => key)).toEqual(['1']);
    expect(friends.customers.map(({ id }) => id)).toEqual(['old', '2', '3']);
    const controller = app.get(AuthController);
    expect(await controller.referrals.outbox.stats()).toMatchObject({
      program: 'referrals',
      queued: 2,
    });
    expect(await controller.affiliates.outbox.stats()).toMatchObject({
      program: 'default',
      queued: 1,
    });
    expect(await controller.referrals.outbox.find({ customerKey: '1' })).toEqual([]);
    expect(logger.ours('log').some((line) => line.startsWith('[Partnero:referrals]'))).toBe(true);
    await closeApps();
    await friends.stop();
  });
});

describe('one name for two programs', () => {
  it('fails the boot, and names it', async () => {
    const other = await FakePartnero.start({ apiKey: 'other-key' });
    try {
      await expect(startApp({ imports: [partnero(fake), partnero(other)] })).rejects.toThrow(
        /imported twice as the program 'default'/,
      );
    } finally {
      await other.stop();
    }
  });

  it('is no trouble if both say the same', async () => {
    const outbox = sqliteOutbox({ path: `${temporaryFolder()}/outbox.db` });
    @Module({ imports: [partnero(fake, { outbox, isGlobal: false })] })
    class FeatureModule {}
    const { app } = await startApp({ imports: [partnero(fake, { outbox }), FeatureModule] });
    await attributes(app.get(PartneroService));
  });

  it.each<unknown>(['', ' ', null, 7, 'eu\0', 'eu\ud800', 'x'.repeat(256)])(
    'is refused if it is none: %p',
    (name) => {
      expect(() => PartneroModule.forRoot({ name: name as string })).toThrow(/^name must be/);
    },
  );
});

describe('options', () => {
  const boot = (options: PartneroModuleOptions) =>
    startApp({ imports: [PartneroModule.forRoot(options)] });

  it.each<[string, object]>([
    ['apiKey', { apiKey: 7 }],
    ['apiKey', { apiKey: 'with blank' }],
    ['apiKey', { apiKey: 'zeilen\numbruch' }],
    ['enabled', { enabled: true, apiKey: ' ' }],
    ['enabled', { enabled: 'yes' }],
    ['program', { program: 'affiliates' }],
    ['baseUrl', { baseUrl: 'api.partnero.com' }],
    ['baseUrl', { baseUrl: 'ftp://x' }],
    ['baseUrl', { baseUrl: 'https://x/v1?y=1' }],
    ['baseUrl', { baseUrl: 'https://user:pass@x/v1' }],
    ['timeoutMs', { timeoutMs: '10' }],
    ['timeoutMs', { timeoutMs: 0 }],
    ['timeoutMs', { timeoutMs: 1.5 }],
    ['timeoutMs', { timeoutMs: Number.NaN }],
    ['acceptTimeoutMs', { acceptTimeoutMs: Infinity }],
    ['holdMs', { holdMs: -1 }],
    ['historyDays', { historyDays: -1 }],
    ['verifyOnBoot', { verifyOnBoot: true }],
    ['onOutcome', { onOutcome: 'log' }],
    ['outbox', { outbox: 'sqlite' }],
    ['outbox', { outbox: sqliteOutbox }],
    ['timeout', { timeout: 5 }],
    ['referral', { referral: 'aff' }],
    ['referral.param', { referral: { param: 'aff' } }],
    ['referral.resolve', { referral: { resolve: 'x' } }],
    ['referral.sources', { referral: { sources: [] } }],
    ['referral.params', { referral: { params: [] } }],
    ['referral.cookie', { referral: { cookie: 'a=b' } }],
    ['referral.cookie', { referral: { cookie: 'a b' } }],
    ['referral.clearCookie', { referral: { clearCookie: 'yes' } }],
    ['referral.capture', { referral: { capture: true } }],
    ['referral.capture.maxAge', { referral: { capture: { maxAge: 30 } } }],
    ['referral.capture.maxAgeDays', { referral: { capture: { maxAgeDays: 401 } } }],
    ['referral.capture.maxAgeDays', { referral: { capture: { maxAgeDays: 0.5 } } }],
    ['referral.capture.domain', { referral: { capture: { domain: 'localhost' } } }],
    ['referral.capture.domain', { referral: { capture: { domain: 'https://x.example' } } }],
    ['referral.capture.domain', { referral: { capture: { domain: 'x.example:80' } } }],
    ['referral.capture.domain', { referral: { capture: { domain: 'x.example/y' } } }],
    ['referral.capture.domain', { referral: { capture: { domain: 'x.example; Secure' } } }],
    ['referral.capture.domain', { referral: { capture: { domain: '127.0.0.1' } } }],
    ['referral.capture.path', { referral: { capture: { path: 'shop' } } }],
    ['referral.capture.path', { referral: { capture: { path: '/; Secure' } } }],
    ['referral.capture.secure', { referral: { capture: { secure: 'yes' } } }],
    ['referral.capture.secure', { referral: { capture: { secure: false, sameSite: 'none' } } }],
    ['referral.capture.sameSite', { referral: { capture: { sameSite: 'Lax' } } }],
    ['referral.capture.touch', { referral: { capture: { touch: 'middle' } } }],
    ['referral.capture.consent', { referral: { capture: { consent: true } } }],
    ['delivery.concurrency', { delivery: { concurrency: -1 } }],
    ['delivery.maxAgeDays', { delivery: { maxAgeDays: -1 } }],
    ['delivery.maxBackoffMs', { delivery: { initialBackoffMs: 100, maxBackoffMs: 10 } }],
    ['delivery.requestsPerMinute', { delivery: { requestsPerMinute: 0 } }],
    ['delivery.retries', { delivery: { retries: 5 } }],
  ])('names %s in %j', async (path, options) => {
    const error: unknown = await boot({ apiKey: 'k', ...options }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(PartneroConfigurationError);
    expect((error as Error).message).toMatch(new RegExp(`^${path.replaceAll('.', '\\.')}\\b`));
    expect((error as Error).message).not.toMatch(/with blank|zeilen|pass@/);
  });

  it('of sqliteOutbox are checked too', async () => {
    const outbox = sqliteOutbox({ synchronous: 'off' as never });
    await expect(boot({ apiKey: 'k', outbox })).rejects.toThrow('sqliteOutbox.synchronous');
  });

  it('come from the environment when providers are made, not before', async () => {
    const path = `${temporaryFolder()}/env/outbox.db`;
    const module = PartneroModule.forRoot({ baseUrl: fake.baseUrl, verifyOnBoot: false });
    process.env['PARTNERO_API_KEY'] = ` ${fake.apiKey}\n`;
    process.env['PARTNERO_OUTBOX_PATH'] = path;
    try {
      const { app } = await startApp({ imports: [module] });
      await attributes(app.get(PartneroService));
      expect((await app.get(PartneroService).outbox.stats()).location).toBe(path);
    } finally {
      delete process.env['PARTNERO_API_KEY'];
      delete process.env['PARTNERO_OUTBOX_PATH'];
    }
  });

  it('forRoot() needs none', () => {
    expect(PartneroModule.forRoot()).toMatchObject({ module: PartneroModule, global: true });
  });
});
