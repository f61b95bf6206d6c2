import type { IncomingMessage } from 'node:http';
import {
  Controller,
  Get,
  Injectable,
  Module,
  Post,
  RequestMethod,
  UseGuards,
  type CanActivate,
  type DynamicModule,
  type ExecutionContext,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import {
  AttributeReferral,
  captureReferrals,
  PartneroService,
  ReferralCaptureMiddleware,
  type CaptureOptions,
  type PartneroModuleOptions,
} from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { ADAPTERS, closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { CLICK, httpGet } from '../support/http-get.js';
import { settled, visit } from '../support/sign-up-client.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

/** Sends its visitors away, as one of Passport does, so that the handler never runs. */
@Injectable()
class RedirectingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const response = context.switchToHttp().getResponse<{ raw?: NodeJS.WritableStream }>();
    const raw = (response.raw ?? response) as unknown as {
      writeHead(status: number, headers: object): { end(): void };
    };
    raw.writeHead(302, { location: 'https://provider.example/authorize' }).end();
    return false;
  }
}

@Controller()
class PagesController {
  @Get()
  home(): string {
    return 'home';
  }

  @Get('pricing')
  pricing(): string {
    return 'pricing';
  }

  @Get('logo.png')
  logo(): string {
    return 'an image';
  }

  @Get('@ada.lovelace')
  profile(): string {
    return 'a page with a dot in its name';
  }

  @Get('auth/google')
  @UseGuards(RedirectingGuard)
  google(): void {}

  @Post('signup')
  @AttributeReferral()
  signUp() {
    return { id: 'user-1' };
  }
}

/** How an app puts capturing in. */
const WAYS = ['app.use', 'consumer.apply'] as const;
type Way = (typeof WAYS)[number];

@Module({})
class CapturingModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(ReferralCaptureMiddleware).forRoutes('{*path}');
  }
}

let fake: FakePartnero;

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann', 'bob'] });
});

afterEach(async () => {
  await closeApps();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

const COMBINATIONS = ADAPTERS.flatMap((adapter) => WAYS.map((way) => [way, adapter] as const));

describe.each(COMBINATIONS)('a link, captured with %s on %s', (way: Way, adapter) => {
  /** Attributes nothing, unless a test says so: then there is no outbox to open. */
  function start(
    capture: CaptureOptions = {},
    options: PartneroModuleOptions = {},
  ): Promise<RunningApp> {
    const { referral, ...rest } = { enabled: false, ...options };
    return startApp({
      adapter,
      imports: [
        partnero(fake, { referral: { capture, ...referral }, ...rest }),
        ...(way === 'consumer.apply' ? [CapturingModule] : []),
      ],
      controllers: [PagesController],
      prepare: (app) => void (way === 'app.use' && app.use(captureReferrals(app))),
    });
  }

  const click = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await httpGet(`${url}${path}`, { ...CLICK, ...headers });
    return answer.cookies;
  };
  let url: string;

  it('sets a first-party cookie, 30 days long', async () => {
    ({ url } = await start());
    const cookie = 'partnero_partner=ann; Max-Age=2592000; Path=/; SameSite=Lax';
    expect(await click('/pricing?aff=ann')).toEqual([cookie]);
  });

  it('is captured on /, on a page with a dot in its name, and beside other parameters', async () => {
    ({ url } = await start());
    for (const path of ['/?aff=ann', '/@ada.lovelace?aff=ann', '/pricing?utm=x&aff=ann#top']) {
      expect([path, (await click(path))[0]]).toEqual([path, expect.stringMatching(/^\w+=ann;/)]);
    }
  });

  it('is captured when the browser fetches it in advance, since it may be shown later', async () => {
    ({ url } = await start());
    for (const purpose of ['prefetch', 'prefetch;prerender']) {
      const [cookie] = await click('/?aff=ann', { 'sec-purpose': purpose });
      expect(cookie).toMatch(/^partnero_partner=ann;/);
    }
  });

  it('brings its key to the sign-up', async () => {
    const { app, url } = await start({}, { enabled: true });
    const { cookies } = await httpGet(`${url}/?aff=ann`, CLICK);
    await visit(`${url}/signup`, { cookie: cookies[0]!.split(';')[0]! });
    await settled(app, 1);
    expect(fake.customers).toMatchObject([{ key: 'user-1', partner: { key: 'ann' } }]);
  });

  it('is captured before a guard that redirects', async () => {
    ({ url } = await start());
    const { status, cookies, headers } = await httpGet(`${url}/auth/google?aff=ann`, CLICK);
    expect([status, headers.location]).toEqual([302, 'https://provider.example/authorize']);
    expect(cookies).toEqual([expect.stringContaining('partnero_partner=ann;')]);
  });

  it('is captured where there is no such page', async () => {
    ({ url } = await start());
    const { status, cookies } = await httpGet(`${url}/gone?aff=ann`, CLICK);
    expect([status, cookies.length]).toEqual([404, 1]);
  });

  it.each<[string, string, Record<string, string>]>([
    ['no key', '/pricing', CLICK],
    ['an empty key', '/pricing?aff=', CLICK],
    ['a placeholder', '/pricing?aff=undefined', CLICK],
    ['a nested parameter', '/pricing?aff[x]=ann', CLICK],
    ['another parameter', '/pricing?via=ann', CLICK],
    ['a script’s fetch', '/pricing?aff=ann', { ...CLICK, 'sec-fetch-dest': 'empty' }],
    ['a frame', '/pricing?aff=ann', { ...CLICK, 'sec-fetch-dest': 'iframe' }],
    ['an image', '/pricing?aff=ann', { accept: '*/*', 'sec-fetch-dest': 'image' }],
    ['an image over plain HTTP', '/pricing?aff=ann', { accept: 'image/webp,*/*;q=0.8' }],
    ['JSON over plain HTTP', '/pricing?aff=ann', { accept: 'application/json, */*' }],
    ['an asset by its name', '/logo.png?aff=ann', { accept: '*/*' }],
  ])('sets nothing for %s', async (_, path, headers) => {
    ({ url } = await start());
    const answer = await httpGet(`${url}${path}`, headers);
    expect([answer.status, answer.cookies]).toEqual([200, []]);
    expect(answer.headers).not.toHaveProperty('cache-control');
    expect(answer.headers).not.toHaveProperty('vary');
  });

  it.each<[string, Record<string, string>]>([
    ['names HTML', { accept: 'text/html' }],
    ['takes anything, as curl does', { accept: '*/*' }],
    ['says nothing', {}],
  ])('is captured from a client that %s', async (_, headers) => {
    ({ url } = await start());
    expect((await httpGet(`${url}/pricing?aff=ann`, headers)).cookies).toHaveLength(1);
  });

  it.each(['HEAD', 'POST'])('sets nothing for %s', async (method) => {
    ({ url } = await start());
    const path = method === 'POST' ? 'signup' : 'pricing';
    expect((await httpGet(`${url}/${path}?aff=ann`, CLICK, method)).cookies).toEqual([]);
  });

  it('refuses a key that is too long or rubbish, and says so once, without it', async () => {
    const running = await start();
    ({ url } = running);
    for (let i = 0; i < 2; i += 1) {
      expect(await click(`/?aff=${'x'.repeat(256)}`)).toEqual([]);
      expect(await click('/?aff=a%00b')).toEqual([]);
    }
    const warnings = running.logger.ours('warn');
    expect(warnings).toEqual([
      expect.stringContaining('referral.maxLength'),
      expect.stringContaining('control characters'),
    ]);
    expect(warnings.join()).not.toContain('xxx');
  });

  it.each(['ann é', 'a;b=c,d', '50%off', '"quoted"', 'a+b', '日本'])(
    'can hold %s: scripts read it with decodeURIComponent, and so do we',
    async (key) => {
      const running = await start();
      ({ url } = running);
      const [cookie] = await click(`/?aff=${encodeURIComponent(key)}`);
      const pair = cookie!.split('; ')[0]!;
      const value = pair.slice('partnero_partner='.length);
      expect(value).toMatch(/^[\w%!'()*.~-]+$/);
      expect(decodeURIComponent(value)).toBe(key);
      const { app } = running;
      expect(app.get(PartneroService).referralFrom({ cookie: pair })?.key).toBe(key);
    },
  );

  it('takes the first of two parameters', async () => {
    ({ url } = await start());
    expect(await click('/?aff=ann&aff=bob')).toEqual([expect.stringMatching(/=ann;/)]);
  });

  describe('after another one', () => {
    const before = { cookie: 'partnero_partner=ann' };

    it('replaces it, and renews the same', async () => {
      ({ url } = await start());
      expect(await click('/?aff=bob', before)).toEqual([expect.stringMatching(/=bob;/)]);
      expect(await click('/?aff=ann', before)).toEqual([expect.stringMatching(/=ann;/)]);
      expect(await click('/', before)).toEqual([]);
    });

    it('leaves it, where the first touch counts', async () => {
      ({ url } = await start({ touch: 'first' }));
      expect(await click('/?aff=bob', before)).toEqual([]);
      expect(await click('/?aff=ann', before)).toEqual([]);
      expect(await click('/?aff=bob')).toEqual([expect.stringMatching(/=bob;/)]);
      const rubbish = { cookie: 'partnero_partner=undefined' };
      expect(await click('/?aff=bob', rubbish)).toEqual([expect.stringMatching(/=bob;/)]);
    });

    it('takes one of this host alone back, which would be read beside that of the domain', async () => {
      ({ url } = await start({ domain: 'example.com' }));
      expect(await click('/?aff=bob', before)).toEqual([
        'partnero_partner=; Max-Age=0; Path=/; SameSite=Lax',
        'partnero_partner=bob; Max-Age=2592000; Domain=example.com; Path=/; SameSite=Lax',
      ]);
      expect(await click('/?aff=ann', before)).toHaveLength(1);
    });
  });

  describe('without consent', () => {
    const never = new Promise<boolean>(() => {});
    it.each<[string, () => unknown]>([
      ['says no', () => false],
      ['says nothing', () => undefined],
      ['says something else', () => 'no'],
      ['says no later', () => Promise.resolve(false)],
      ['says something else later', () => Promise.resolve('no')],
      ['says nothing in time', () => never],
      [
        'throws',
        () => {
          throw new TypeError('of ada@example.com');
        },
      ],
      ['rejects', () => Promise.reject(new TypeError('of ada@example.com'))],
    ])('sets nothing, where the function %s', async (how, consent) => {
      const running = await start({ consent: consent as () => boolean });
      ({ url } = running);
      for (let i = 0; i < 2; i += 1) expect(await click('/?aff=ann')).toEqual([]);
      const warnings = running.logger.ours('warn');
      const said = ['throws', 'rejects', 'says something else', 'says something else later'];
      expect(warnings).toHaveLength(said.includes(how) ? 1 : 0);
      expect(warnings.join()).not.toContain('ada@');
    });

    it.each<[string, (request: IncomingMessage) => boolean | Promise<boolean>]>([
      ['at once', ({ headers }) => headers.cookie === 'consent=yes'],
      ['by a promise', ({ headers }) => Promise.resolve(headers.cookie === 'consent=yes')],
    ])('sets it once there is: %s', async (_, consent) => {
      ({ url } = await start({ consent }));
      expect(await click('/?aff=ann')).toEqual([]);
      expect(await click('/?aff=ann', { cookie: 'consent=yes' })).toHaveLength(1);
    });
  });

  it.each<[CaptureOptions, string]>([
    [{ domain: '.Example.com' }, 'Max-Age=2592000; Domain=example.com; Path=/; SameSite=Lax'],
    [{ domain: 'bücher.example' }, 'Max-Age=2592000; Domain=xn--bcher-kva.example; Path=/'],
    [{ maxAgeDays: 90, path: '/shop' }, 'Max-Age=7776000; Path=/shop; SameSite=Lax'],
    [{ sameSite: 'strict', secure: true }, 'Path=/; Secure; SameSite=Strict'],
    [{ sameSite: 'none', secure: true }, 'Path=/; Secure; SameSite=None'],
    [{ sameSite: 'none' }, 'Path=/; SameSite=Lax'],
  ])('is written as %j says', async (capture, attributes) => {
    ({ url } = await start(capture));
    expect(await click('/?aff=ann')).toEqual([expect.stringContaining(attributes)]);
  });

  it('is Secure where the visitor uses HTTPS; where he does not, that is said once', async () => {
    const running = await start();
    ({ url } = running);
    const forwarded = [{ 'x-forwarded-proto': 'https, http' }, { forwarded: 'for=x;proto=https' }];
    for (const headers of forwarded) {
      expect(await click('/?aff=ann', headers)).toEqual([expect.stringContaining('; Secure;')]);
    }
    expect(running.logger.ours('warn')).toEqual([]);
    const plain = [{}, { 'x-forwarded-proto': 'http' }, { forwarded: 'for=x, proto=https' }];
    for (const headers of plain) {
      expect(await click('/?aff=ann', headers)).toEqual([expect.not.stringContaining('Secure')]);
    }
    expect(running.logger.ours('warn')).toEqual([expect.stringContaining('X-Forwarded-Proto')]);
  });

  it('says once that the domain is not this host’s', async () => {
    const running = await start({ domain: 'example.com', secure: true });
    ({ url } = running);
    for (const host of ['example.com', 'www.example.com:3000', 'WWW.Example.com']) {
      await click('/?aff=ann', { host });
    }
    await click('/?aff=ann', { host: 'app:3000', 'x-forwarded-host': 'www.example.com' });
    expect(running.logger.ours('warn')).toEqual([]);
    for (const host of ['localhost:3000', 'notexample.com']) await click('/?aff=ann', { host });
    expect(running.logger.ours('warn')).toEqual([
      expect.stringContaining('referral.capture.domain'),
    ]);
  });

  it('is captured by other parameters, into another cookie', async () => {
    ({ url } = await start({}, { referral: { params: ['via', 'aff'], cookie: 'ours' } }));
    expect(await click('/?aff=ann&via=bob')).toEqual([expect.stringMatching(/^ours=bob;/)]);
  });

  it('of a friend is captured by ?ref=', async () => {
    ({ url } = await start({}, { program: 'refer-a-friend' }));
    expect(await click('/?ref=ann&aff=bob')).toEqual([
      expect.stringMatching(/^partnero_referral=ann;/),
    ]);
  });

  it.each<[string, PartneroModuleOptions]>([
    ['there is no API key', { apiKey: '', enabled: undefined }],
    ['nothing is attributed', { enabled: false }],
  ])('is captured though %s', async (_, options) => {
    const running = await start({}, options);
    ({ url } = running);
    expect(await click('/?aff=ann')).toHaveLength(1);
    expect(running.logger.ours()[0]).toMatch(/Disabled.*\?aff=.*cookie partnero_partner/);
  });

  it('is spoken of in the boot line', async () => {
    const { logger } = await start({ domain: 'example.com', maxAgeDays: 1 }, { enabled: true });
    const line = logger.ours('log').find((text) => text.includes('Attributing'));
    expect(line).toContain(
      'then cookie partnero_partner. Links with ?aff= set the cookie partnero_partner for example.com, 1 day long. Outbox: ',
    );
  });
});

describe.each(ADAPTERS)('several programs, on %s', (adapter) => {
  it.each(WAYS)('each capture their own links, with %s', async (way) => {
    @Module({})
    class Capturing implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        if (way === 'app.use') return;
        consumer
          .apply(ReferralCaptureMiddleware, ReferralCaptureMiddleware.for('friends'))
          .exclude({ path: 'pricing', method: RequestMethod.GET })
          .forRoutes('{*path}');
      }
    }
    const { url } = await startApp({
      adapter,
      imports: [
        partnero(fake),
        partnero(fake, { name: 'friends', program: 'refer-a-friend', isGlobal: false }),
        Capturing,
      ],
      controllers: [PagesController],
      prepare: (app) => {
        if (way !== 'app.use') return;
        app.use(captureReferrals(app));
        app.use(captureReferrals(app, { name: 'friends' }));
      },
    });
    expect((await httpGet(`${url}/?aff=ann&ref=bob`, CLICK)).cookies).toEqual([
      expect.stringMatching(/^partnero_partner=ann;/),
      expect.stringMatching(/^partnero_referral=bob;/),
    ]);
    const excluded = way === 'app.use' ? 2 : 0;
    expect((await httpGet(`${url}/pricing?aff=ann&ref=bob`, CLICK)).cookies).toHaveLength(excluded);
  });

  it.each(WAYS)('fail the boot where %s names one that is not there', async (way) => {
    @Module({})
    class Capturing implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        if (way === 'app.use') return;
        consumer.apply(ReferralCaptureMiddleware.for('freinds')).forRoutes('{*path}');
      }
    }
    const starting = startApp({
      adapter,
      imports: [partnero(fake), Capturing],
      prepare: (app) =>
        void (way === 'app.use' && app.use(captureReferrals(app, { name: 'freinds' }))),
    });
    await expect(starting).rejects.toThrow(/captures for the program 'freinds'/);
  });
});

describe.each(ADAPTERS)('without PartneroModule, on %s', (adapter) => {
  const start = (imports: (typeof CapturingModule | DynamicModule)[]) =>
    startApp({
      adapter,
      imports,
      controllers: [PagesController],
      prepare: (app) => void app.use(captureReferrals(app)),
    });

  it('links pass through', async () => {
    const { url, logger } = await start([CapturingModule]);
    const { status, cookies } = await httpGet(`${url}/?aff=ann`, CLICK);
    expect([status, cookies]).toEqual([200, []]);
    expect(logger.ours()).toEqual([]);
  });

  it('that is said, outside tests', async () => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'development';
    try {
      const { logger } = await start([CapturingModule]);
      expect(logger.ours('warn')).toEqual([
        expect.stringMatching(/captureReferrals\(\) captures .*PartneroModule\.forRoot\(\)/),
        expect.stringMatching(/ReferralCaptureMiddleware captures .*PartneroModule\.forRoot\(\)/),
      ]);
    } finally {
      process.env['NODE_ENV'] = before;
    }
  });
});

describe.each(ADAPTERS)('a request that can’t be read, on %s', (adapter) => {
  it('passes', async () => {
    const { url, logger } = await startApp({
      adapter,
      imports: [partnero(fake)],
      controllers: [PagesController],
      prepare: (app) => {
        const capture = captureReferrals(app);
        app.use((request: IncomingMessage, response: unknown, next: () => void) => {
          const odd = { method: 'GET', headers: request.headers, url: '/?aff=ann' };
          Object.defineProperty(odd, 'query', {
            get() {
              throw new TypeError('of ada@example.com');
            },
          });
          capture(odd, response, next);
        });
      },
    });
    const { status, body } = await httpGet(`${url}/`, CLICK);
    expect([status, body]).toEqual([200, 'home']);
    expect(logger.ours('warn')).toEqual([expect.stringContaining('threw TypeError')]);
  });
});
