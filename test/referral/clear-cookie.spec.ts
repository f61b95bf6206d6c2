import { ApolloDriver } from '@nestjs/apollo';
import {
  BadGatewayException,
  Controller,
  Get,
  Injectable,
  Post,
  Res,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Args, GraphQLModule, Mutation, Query, Resolver } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import {
  AttributeReferral,
  captureReferrals,
  inlineOutbox,
  PartneroService,
  Referral,
  type PartneroModuleOptions,
  type ReferralContext,
} from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { map } from 'rxjs';
import { clearCookie } from '#lib/referral/capture/clear-cookie.js';
import { resolveReferralOptions } from '#lib/referral/referral.options.js';
import { ADAPTERS, closeApps, partnero, startApp } from '../support/app.js';
import { CLICK, httpGet } from '../support/http-get.js';
import { settled, visit } from '../support/sign-up-client.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

/** As a transaction that rolls back when the handler is long done. */
@Injectable()
class RollBack implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(
      map(() => {
        throw new BadGatewayException();
      }),
    );
  }
}

@Controller()
class AuthController {
  @Post('signup')
  @AttributeReferral()
  signUp() {
    return { id: 'user-1' };
  }

  @Post('not-new')
  @AttributeReferral(() => null)
  notNew() {
    return { id: 'user-1' };
  }

  @Post('slow')
  @AttributeReferral(async (user: { id: string }) => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return user;
  })
  slow() {
    return { id: 'user-1' };
  }

  @Post('failing')
  @AttributeReferral()
  async failing(@Referral() referral: ReferralContext) {
    await referral.attribute({ id: 'user-1' });
    throw new Error('no');
  }

  @Post('skipping')
  @AttributeReferral()
  async skipping(@Referral() referral: ReferralContext) {
    await referral.attribute({ id: 'user-1' });
    referral.skip();
  }

  @Post('rolled-back')
  @UseInterceptors(RollBack)
  @AttributeReferral()
  rolledBack() {
    return { id: 'user-1' };
  }

  @Post('refused')
  @AttributeReferral()
  refused(@Res({ passthrough: true }) response: { status(code: number): void }) {
    response.status(409);
    return { id: 'user-1' };
  }

  @Get('callback')
  @AttributeReferral()
  async callback(
    @Referral() referral: ReferralContext,
    @Res() response: { redirect(to: string, status?: number): void },
  ) {
    await referral.attribute({ id: 'user-1' });
    response.redirect('/welcome');
  }

  @Post('undecorated')
  async undecorated(@Referral() referral: ReferralContext) {
    return { outcome: await referral.attribute({ id: 'user-1' }) };
  }

  @Post('undecorated-failing')
  async undecoratedFailing(@Referral() referral: ReferralContext) {
    await referral.attribute({ id: 'user-1' });
    throw new BadGatewayException();
  }
}

@Resolver()
class AuthResolver {
  @Query(() => String)
  ping(): string {
    return 'pong';
  }

  @Mutation(() => String)
  @AttributeReferral((id: string) => ({ id }))
  signUp(@Args('id') id: string): string {
    if (id === 'bad') throw new Error('no');
    return id;
  }
}

const EXPIRED = 'partnero_partner=; Max-Age=0; Path=/; SameSite=Lax';

it.each([[undefined], [{}], [{ once() {} }], [{ raw: { once() {} } }]])(
  'a response like %j, as unit tests have it, is left alone',
  (response) => {
    const options = resolveReferralOptions({ clearCookie: true }, 'affiliate');
    const request = { headers: { cookie: 'partnero_partner=ann' } };
    expect(() => clearCookie(request, response, options, () => true)).not.toThrow();
  },
);

describe.each(ADAPTERS)('the cookie after a sign-up, on %s', (adapter) => {
  let fake: FakePartnero;

  beforeEach(async () => {
    fake = await FakePartnero.start({ partners: ['ann'] });
  });

  afterEach(async () => {
    await closeApps();
    await fake.stop();
  });

  afterAll(removeTemporaryFolders);

  const start = ({ referral, ...options }: PartneroModuleOptions = {}) =>
    startApp({
      adapter,
      imports: [
        partnero(fake, { referral: { clearCookie: true, ...referral }, ...options }),
        GraphQLModule.forRoot({
          driver: adapter === 'express' ? ApolloDriver : MercuriusDriver,
          autoSchemaFile: true,
        }),
      ],
      controllers: [AuthController],
      providers: [AuthResolver],
      prepare: (app) => void app.use(captureReferrals(app)),
    });

  async function cookiesAfter(url: string, method = 'POST', body?: unknown): Promise<string[]> {
    const headers = { 'apollo-require-preflight': '1' };
    const response = await visit(url, { method, partner: 'ann', body, headers });
    return response.headers.getSetCookie();
  }

  it('stays, unless you say otherwise', async () => {
    const { url, app } = await start({ referral: { clearCookie: undefined } });
    expect(await cookiesAfter(`${url}/signup`)).toEqual([]);
    await settled(app, 1);
  });

  it.each([
    ['POST', 'signup'],
    ['GET', 'callback'],
    ['POST', 'undecorated'],
  ])('is taken back by %s /%s', async (method, path) => {
    const { url, app } = await start();
    const response = await visit(`${url}/${path}`, { method, partner: 'ann' });
    expect(response.headers.getSetCookie()).toEqual([EXPIRED]);
    expect(response.headers.get('cache-control')).toBe('private');
    await settled(app, 1);
    expect(fake.customers).toMatchObject([{ key: 'user-1' }]);
  });

  it('is taken back by a GraphQL mutation, if its resolver succeeds', async () => {
    const { url, app } = await start();
    const mutation = (id: string) => ({ query: `mutation { signUp(id: "${id}") }` });
    expect(await cookiesAfter(`${url}/graphql`, 'POST', mutation('bad'))).toEqual([]);
    expect(await cookiesAfter(`${url}/graphql`, 'POST', mutation('1'))).toEqual([EXPIRED]);
    await settled(app, 1);
  });

  it.each(['not-new', 'failing', 'skipping', 'rolled-back', 'refused', 'undecorated-failing'])(
    'stays after /%s',
    async (path) => {
      const { url } = await start();
      expect(await cookiesAfter(`${url}/${path}`)).toEqual([]);
    },
  );

  it('stays as long as the sign-up isn’t durably queued', async () => {
    const slow = await start({ acceptTimeoutMs: 10 });
    expect(await cookiesAfter(`${slow.url}/slow`)).toEqual([]);
    await settled(slow.app, 1);
    await fake.down();
    const failing = await start({ outbox: inlineOutbox({ timeoutMs: 100 }) });
    expect(await cookiesAfter(`${failing.url}/signup`)).toEqual([]);
    const { notAccepted } = await failing.app.get(PartneroService).outbox.stats();
    expect(notAccepted.accept_failed).toBe(1);
  });

  it('is not touched where the visitor has none', async () => {
    const { url, app } = await start();
    const response = await visit(`${url}/signup?aff=ann`);
    expect(response.headers.getSetCookie()).toEqual([]);
    await settled(app, 1);
  });

  it('is taken back under the domain that it was written for, and of this host alone', async () => {
    const { url } = await start({ referral: { capture: { domain: 'example.com' } } });
    expect(await cookiesAfter(`${url}/signup`)).toEqual([
      EXPIRED,
      'partnero_partner=; Max-Age=0; Domain=example.com; Path=/; SameSite=Lax',
    ]);
  });

  it('is taken back last, where the same response captures a link', async () => {
    const { url, app } = await start();
    const { cookies } = await httpGet(`${url}/callback?aff=ann`, CLICK);
    expect(cookies).toEqual([expect.stringContaining('=ann; Max-Age=2592000;'), EXPIRED]);
    await settled(app, 1);
  });
});
