import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ApolloDriver } from '@nestjs/apollo';
import {
  Injectable,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { captureReferrals, PartneroService, type ReferralOptions } from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { ADAPTERS, closeApps, partnero, startApp, type AdapterName } from '../support/app.js';
import { guide, snippets, transpileSnippets } from '../support/readme.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';
import { Visitor } from '../support/visitor.js';

// The guide's own code, on hosts of its own, visited by somebody with a browser's cookies.
const folder = transpileSnippets('guide');
const code = snippets(guide);

async function load(name: string): Promise<Record<string, Type>> {
  return (await import(pathToFileURL(join(folder, `${name}.js`)).href)) as Record<string, Type>;
}

const CARRIERS = ['cookie', 'query', 'field', 'state', 'token'] as const;
type Carrier = (typeof CARRIERS)[number];

const WWW = 'http://www.example.com';
const APP = 'http://app.example.com';
const API = 'http://api.example.com';
const OTHER = 'https://app.example.net';
const PROVIDER = 'http://accounts.provider.test';

/** What one carrier adds to a request that the visitor, or their app, makes. */
interface Carried {
  readonly query: string;
  readonly headers: Record<string, string>;
  readonly fields: Record<string, string>;
}

interface Journey {
  readonly carrier: Carrier;
  readonly visitor: Visitor;
  /** Another device. */
  readonly phone: Visitor;
  readonly email: string;
  readonly token: string;
  readonly carried: Carried;
}

interface Shape {
  readonly snippets: string[];
  /** Makes a token of the cookie itself. */
  readonly makesToken?: true;
  signUp(journey: Journey): Promise<unknown>;
}

/** The visitor has clicked the link; and now he signs up, in one of ten shapes. */
const SHAPES: Record<string, Shape> = {
  'The same host': {
    snippets: ['same-host.controller.ts'],
    signUp: ({ visitor, email, carried: { query, headers, fields } }) =>
      visitor.fetch(`${WWW}/signup${query}`, WWW, { email, ...fields }, headers),
  },
  'A sibling subdomain': {
    snippets: ['sibling.module.ts', 'same-host.controller.ts'],
    signUp: ({ visitor, email, carried: { query, headers, fields } }) =>
      visitor.fetch(`${API}/signup${query}`, APP, { email, ...fields }, headers),
  },
  'Another domain': {
    snippets: ['other-domain.controller.ts', 'same-host.controller.ts'],
    signUp: async ({ carrier, visitor, email, carried: { headers, fields } }) => {
      // The query comes by the link from the first domain, or it doesn't come.
      const from = carrier === 'query' ? `${WWW}/go?aff=ann` : `${OTHER}/signup`;
      const page = await visitor.open(from, WWW);
      expect(page.url.startsWith(`${OTHER}/signup`)).toBe(true);
      return visitor.fetch(`${OTHER}/signup`, page.url, { email, ...fields }, headers);
    },
  },
  'A mobile app, or a front end on another site': {
    snippets: ['mobile.module.ts', 'same-host.controller.ts'],
    signUp: async ({ visitor, phone, email, carried: { query, headers, fields } }) => {
      const url = `${API}/signup${query}`;
      // The front end in the visitor's browser, then the app, which knows nothing of that browser.
      const page = await visitor.fetch(url, 'http://front.end.test', { email, ...fields }, headers);
      expect(page.status).toBe(201);
      return phone.fetch(url, 'http://front.end.test', { email, ...fields }, headers);
    },
  },
  'Social login, back by a redirect': {
    snippets: ['social.controller.ts'],
    signUp: ({ carrier, visitor, email, token }) => {
      // Of all that was sent along, a provider gives `state` back, to whom reads it.
      const path =
        carrier === 'state' ? `oauth/callback?state=nonce~${token}&` : 'social/callback?';
      return visitor.open(`${WWW}/${path}code=${email}`, PROVIDER);
    },
  },
  'Sign in with Apple, back by a cross-site POST': {
    snippets: ['oauth.controller.ts'],
    signUp: ({ carrier, visitor, email, token }) =>
      visitor.submit(`${WWW}/oauth/callback`, PROVIDER, {
        code: email,
        ...(carrier === 'state' ? { state: `nonce~${token}` } : {}),
      }),
  },
  'A magic link or verified e-mail, on another device': {
    snippets: ['magic-link.controller.ts'],
    makesToken: true,
    signUp: async ({ carrier, visitor, phone, email, carried: { query } }) => {
      // What the visitor had when they left their address; for all but the token, they hadn't come by the link.
      const before = carrier === 'token' ? visitor : new Visitor(visitor.hosts);
      const { body } = await before.fetch(`${WWW}/magic-link`, WWW, { email });
      const { secret } = JSON.parse(body) as { secret: string };
      return phone.open(`${WWW}/magic-link/verify${query || '?'}&secret=${secret}`);
    },
  },
  GraphQL: {
    snippets: ['accounts.resolver.ts'],
    signUp: async ({ visitor, email, carried: { query, headers } }) => {
      const mutation = { query: `mutation { signUp(email: "${email}") { id } }` };
      return visitor.fetch(`${WWW}/graphql${query}`, WWW, mutation, headers);
    },
  },
  'An auth provider’s webhook, or a queue worker': {
    snippets: ['auth-events.controller.ts'],
    makesToken: true,
    signUp: async ({ carrier, visitor, email, carried: { query, headers, fields } }) => {
      const metadata = JSON.parse((await visitor.open(`${WWW}/auth/metadata`, WWW)).body) as object;
      const user = { id: `user-${email}`, email, metadata: carrier === 'token' ? metadata : {} };
      const provider = new Visitor(visitor.hosts);
      const event = { type: 'user.created', user, ...fields };
      return provider.fetch(`${WWW}/auth/events${query}`, PROVIDER, event, headers);
    },
  },
  'An auth library mounted as middleware': {
    snippets: ['auth-library.ts'],
    signUp: ({ visitor, email, carried: { query, headers } }) =>
      visitor.fetch(`${WWW}/library/${email}${query}`, WWW, {}, headers),
  },
};

/** The guide's table: what is said of each shape and carrier. */
const table = [...guide.matchAll(/^\| (\d+)\. ([^|]+?) +\|(.+)\|$/gm)].map(
  ([, no, shape, cells]) => ({
    no: Number(no),
    shape: shape!.replace("'", '’'),
    cells: cells!.split('|').map((cell) => cell.trim()),
  }),
);

/** A provider has told who this is. */
@Injectable()
class SignedInGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context
      .switchToHttp()
      .getRequest<
        { query?: { code?: string }; body?: { code?: string }; user?: object } | undefined
      >();
    const email = request?.body?.code ?? request?.query?.code;
    if (request && email) request.user = { email };
    return true;
  }
}

/** As a library does it: answers by itself, and calls its hook. */
async function mountLibrary(app: INestApplication): Promise<void> {
  const { onUserCreated } = (await load('auth-library')) as unknown as {
    onUserCreated(
      service: PartneroService,
    ): (user: { id: string; email: string }, context: Request) => Promise<void>;
  };
  const hook = onUserCreated(app.get(PartneroService));
  interface Incoming {
    originalUrl: string;
    headers: Record<string, string>;
  }
  app.use('/library', ({ originalUrl, headers }: Incoming, response: { end(): void }) => {
    const request = new Request(new URL(originalUrl, WWW));
    // As servers make them: a browser's `Request` holds no cookie.
    Object.defineProperty(request, 'headers', { value: new Headers(headers) });
    const email = new URL(request.url).pathname.split('/').at(-1)!;
    void hook({ id: `user-${email}`, email }, request).then(() => response.end());
  });
}

describe('the guide', () => {
  it('has ten shapes', () => {
    expect(table.map(({ shape }) => shape)).toEqual(Object.keys(SHAPES));
    expect(table.map(({ no }) => no)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(new Set(table.map(({ cells }) => cells.length))).toEqual(new Set([CARRIERS.length]));
  });

  it.each(Object.entries(SHAPES))('asks for five lines at most: %s', (_, { snippets: names }) => {
    const ours = names.flatMap((name) =>
      code
        .get(name)!
        .replaceAll(/^import [^;]*;$/gm, '')
        .split('\n')
        .filter((line) => /partnero|referral/i.test(line)),
    );
    expect(ours.length).toBeGreaterThan(0);
    expect(ours.length).toBeLessThanOrEqual(5);
  });
});

describe.each(ADAPTERS)('the key arrives, or it doesn’t, on %s', (adapter) => {
  let fake: FakePartnero;
  let hosts: Record<string, string>;
  let services: PartneroService[];

  async function startSite(adapter: AdapterName, referral: ReferralOptions): Promise<string> {
    const controllers = [
      'same-host',
      'other-domain',
      'social',
      'oauth',
      'magic-link',
      'auth-events',
    ];
    const modules = await Promise.all(controllers.map((name) => load(`${name}.controller`)));
    const { OauthProvider, Users } = await load('users');
    const { AccountsResolver } = await load('accounts.resolver');
    const { app, url } = await startApp({
      adapter,
      imports: [
        partnero(fake, { referral }),
        GraphQLModule.forRoot({
          driver: adapter === 'express' ? ApolloDriver : MercuriusDriver,
          autoSchemaFile: true,
          ...(adapter === 'fastify' ? { context: (request: unknown) => ({ request }) } : {}),
        }),
      ],
      controllers: modules.flatMap((module) => Object.values(module)),
      providers: [
        OauthProvider,
        Users,
        AccountsResolver,
        { provide: APP_GUARD, useClass: SignedInGuard },
      ],
      prepare: async (made) => {
        made.use(captureReferrals(made));
        await mountLibrary(made);
      },
    });
    services.push(app.get(PartneroService));
    return new URL(url).port;
  }

  beforeAll(async () => {
    services = [];
    fake = await FakePartnero.start({ partners: ['ann'] });
    const explicit = { header: 'x-referral', bodyField: 'referral' };
    const site = await startSite(adapter, { ...explicit, capture: { domain: 'example.com' } });
    const other = await startSite(adapter, explicit);
    hosts = Object.fromEntries([
      ...[WWW, APP, API].map((url) => [new URL(url).hostname, site] as const),
      [new URL(OTHER).hostname, other],
    ]);
  });

  afterAll(async () => {
    await closeApps();
    await fake.stop();
    removeTemporaryFolders();
  });

  async function signUpsWithoutKey(): Promise<number> {
    const stats = await Promise.all(services.map((service) => service.outbox.stats()));
    return stats.reduce((sum, { notAccepted }) => sum + notAccepted.no_referral, 0);
  }

  const CELLS = table.flatMap(({ shape, cells }) =>
    CARRIERS.map((carrier, i) => [shape, carrier, cells[i]!] as const),
  );

  it.each(CELLS)('%s, by %s: %s', async (shape, carrier, cell) => {
    expect(['✓', '–']).toContain(cell);
    const visitor = new Visitor(hosts);
    const token = services[0]!.referralFrom({ key: 'ann' })!.toToken();
    const { makesToken, signUp } = SHAPES[shape]!;
    if (carrier === 'cookie' || (carrier === 'token' && makesToken)) {
      await visitor.open(`${WWW}/?aff=ann`);
    }
    const withoutKey = await signUpsWithoutKey();
    const email = `${Object.keys(SHAPES).indexOf(shape)}-${carrier}@example.com`;
    await signUp({
      carrier,
      visitor,
      phone: new Visitor(hosts),
      email,
      token,
      carried: {
        query: carrier === 'query' ? '?aff=ann' : '',
        headers: carrier === 'field' ? { 'x-referral': 'ann' } : {},
        fields: {
          ...(carrier === 'field' ? { referral: 'ann' } : {}),
          ...(carrier === 'state' ? { state: `nonce~${token}` } : {}),
          ...(carrier === 'token' ? { referralToken: token } : {}),
        },
      },
    });
    const found = await Promise.all(
      services.map((service) => service.outbox.find({ customerKey: `user-${email}` })),
    );
    const keys = new Set(found.flat().map(({ referralKey }) => referralKey));
    expect([...keys]).toEqual(cell === '✓' ? ['ann'] : []);
    // He did sign up; it is the key that was missing.
    expect((await signUpsWithoutKey()) > withoutKey).toBe(cell === '–');
  });
});
