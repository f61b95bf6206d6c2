import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Controller, Post, type Type } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { captureReferrals, PartneroService } from 'nestjs-partnero';
import { PartneroDashboardModule } from 'nestjs-partnero/dashboard';
import { FakePartnero } from 'nestjs-partnero/testing';
import { closeApps, partnero, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { httpGet } from '../support/http-get.js';
import {
  compileSnippets,
  documents,
  guide,
  membersOf,
  page,
  propertiesOf,
  readme,
  snippets,
} from '../support/readme.js';
import { settled, visit } from '../support/sign-up-client.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';
import { startQuickStart, stopQuickStart } from './quick-start.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { folder, complaints, program } = compileSnippets('readme');

const load = async (name: string) =>
  (await import(pathToFileURL(join(folder, `${name}.js`)).href)) as Record<string, Type>;

let fake: FakePartnero;

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann'] });
});

afterEach(async () => {
  await stopQuickStart();
  await closeApps();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

describe('the code in the README, and in the docs', () => {
  it('compiles', () => {
    expect(snippets(readme).size).toBe(4);
    expect(snippets(guide).size).toBeGreaterThan(10);
    expect(snippets().size).toBeGreaterThan(51);
    expect(complaints).toEqual([]);
  });

  it.each(['accounts', 'google', 'auth'])('works: %s.controller.ts', async (name) => {
    const [controller] = Object.values(await load(`${name}.controller`));
    const { Users } = await load('users');
    const { app, url } = await startApp({
      imports: [partnero(fake)],
      controllers: [controller!],
      providers: [Users],
      prepare: (made) =>
        void made.use((request: { user: object }, _: unknown, next: () => void) => {
          request.user = { email: 'ada@example.com' };
          next();
        }),
    });
    const route = { accounts: '/accounts', google: '/google/callback', auth: '/signup' }[name]!;
    const method = name === 'google' ? 'GET' : 'POST';
    const body = method === 'GET' ? undefined : { email: 'ada@example.com' };
    const { status } = await visit(`${url}${route}`, { method, partner: 'ann', body });
    expect(status).toBe(name === 'google' ? 302 : 201);
    await settled(app, 1);
    expect(fake.customers).toMatchObject([
      { key: 'user-ada@example.com', partner: { key: 'ann' } },
    ]);
  });

  it('works: what is verified later, support, the API', async () => {
    const { VerificationService } = await load('verification.service');
    const { CustomersService } = await load('customers.service');
    const { SupportController } = await load('support.controller');
    const { app, url } = await startApp({
      imports: [partnero(fake)],
      controllers: [SupportController!],
      providers: [VerificationService, CustomersService],
    });
    const user = { id: 'user-1', email: 'ada@example.com' };
    const referralToken = app.get(PartneroService).referralFrom({ key: 'ann' })!.toToken();
    await app.get<{ verified(u: object): Promise<void> }>(VerificationService!).verified({
      ...user,
      referralToken,
    });
    await settled(app, 1);
    expect(await (await fetch(`${url}/support/partnero/customers/user-1`)).json()).toMatchObject([
      { outcome: 'attributed', referralKey: 'ann' },
    ]);
    const customers = app.get<{
      emailsOf(partner: string): Promise<string[]>;
      rename(key: string, name: string): Promise<boolean>;
    }>(CustomersService!);
    expect(await customers.emailsOf('ann')).toEqual(['ada@example.com']);
    expect(await customers.rename('user-1', 'Ada')).toBe(true);
    expect(await customers.rename('user-2', 'Bob')).toBe(false);
  });

  it('works: the dashboard, and its sentences in code', async () => {
    const { StaffGuard } = await load('dashboard.module');
    const { CreditsController } = await load('credits.controller');
    const { app, url } = await startApp({
      imports: [partnero(fake), PartneroDashboardModule.forRoot({ guards: [StaffGuard!] })],
      controllers: [CreditsController!],
      prepare: (made) =>
        void made.use((request: { url: string; user?: object }, _: unknown, next: () => void) => {
          if (request.url.includes('staff')) request.user = { isStaff: true };
          next();
        }),
    });
    await app.get(PartneroService).attribute({ key: 'ann' }, { id: 'user-1' });
    await settled(app, 1);
    const [, sentence] = /\[('[^']+')\]/.exec(snippets().get('credits.controller.ts')!)!;
    const found = await (await fetch(`${url}/support/credits/user-1`)).json();
    expect(found).toEqual([sentence!.slice(1, -1)]);
    expect((await fetch(`${url}/partnero`)).status).toBe(403);
    expect((await fetch(`${url}/partnero?staff`)).status).toBe(200);
  });

  it('works: webhooks, from the route to handlers and the inbox', async () => {
    const { WebhookController } = await load('webhook.controller');
    const { PartnersController } = await load('partners.controller');
    const { InboxController } = await load('inbox.controller');
    const { CommissionsService } = await load('commissions.service');
    const { AuditService } = await load('audit.service');
    const { Commissions } = await load('users');
    const secret = 'a-secret';
    const { app, url } = await startApp({
      options: { rawBody: true },
      imports: [partnero(fake, { webhooks: { secret } })],
      controllers: [WebhookController!, PartnersController!, InboxController!],
      providers: [CommissionsService, AuditService, Commissions],
    });
    const send = (event: string, data: object, path = 'webhooks/partnero') =>
      fake.sendEvent(event, data, { url: `${url}/${path}`, secret, attempts: 1 });
    const rewards = [{ customer: 'user-1', amount: 14.7 }];
    const [sale] = await send('transaction.created', { key: 'inv-1', rewards });
    expect(sale!.statuses).toEqual([204]);
    const commissions = app.get<{ all: object[] }>(Commissions!);
    await eventually(() => commissions.all.length === 1);
    expect(commissions.all).toEqual([{ sale: 'inv-1', customer: 'user-1', amount: 14.7 }]);
    await send('transaction.deleted', { key: 'inv-1' });
    await eventually(() => commissions.all.length === 0);
    await send('partner.created', { email: 'ann@example.com' }, 'webhooks/partners');
    await send('payout.requested', {}, 'webhooks/partners');
    expect(app.get<{ lines: string[] }>(PartnersController!).lines).toEqual([
      'ann@example.com has joined',
      'payout.requested is new to us',
    ]);
    const inbox = `${url}/support/partnero/inbox`;
    const json = async (path: string) => (await fetch(inbox + path)).json();
    expect(await eventually(async () => (await json('')) as object)).toMatchObject({ queued: 4 });
    const [eventId] = app.get<{ seen: Map<string, string> }>(AuditService!).seen.keys();
    expect(await json(`/events/${eventId}`)).toHaveLength(2);
    expect(await json('/dead')).toEqual([]);
    const requeued = await fetch(`${inbox}/requeue/audit`, { method: 'POST' });
    expect(await requeued.json()).toBe(0);
  });

  it('works: the referral key in the document of @nestjs/swagger', async () => {
    const { AttributeSignUp } = (await load('attribute-sign-up.decorator')) as unknown as {
      AttributeSignUp: () => MethodDecorator;
    };
    @Controller()
    class SignUpController {
      @Post('signup')
      @AttributeSignUp()
      signup() {
        return { id: 'user-1' };
      }
    }
    const { app, url } = await startApp({
      imports: [partnero(fake)],
      controllers: [SignUpController],
    });
    const { paths } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    const parameters = paths['/signup']?.post?.parameters;
    expect(parameters?.map((each) => 'in' in each && [each.in, each.name, each.required])).toEqual([
      ['query', 'aff', false],
      ['cookie', 'partnero_partner', false],
    ]);
    await visit(`${url}/signup`, { method: 'POST', partner: 'ann' });
    await settled(app, 1);
    expect(fake.customers).toHaveLength(1);
  });

  it('works: the tests of a sign-up and of a webhook, as tests', () => {
    const config = {
      rootDir: folder,
      testEnvironment: 'node',
      testMatch: ['**/*.spec.js'],
      transform: {},
      testTimeout: 30_000,
    };
    const args = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
    const jest = join(root, 'node_modules/jest/bin/jest.js');
    execFileSync(process.execPath, [...args, jest, '--config', JSON.stringify(config)], {
      stdio: ['ignore', 'ignore', 'pipe'],
      // A test that fails may leave an app that runs on.
      timeout: 300_000,
    });
  }, 310_000);
});

describe('the quick start in the README', () => {
  it('logs what the README shows, and finds the sign-up', async () => {
    const { url, output, find } = await startQuickStart(folder, fake);
    const [attributing, delivered] = [...readme.matchAll(/^ *\[Partnero\] (.+)$/gm)].map(
      ([, line]) => line!,
    );
    const [beforePath = '', afterPath = ''] = attributing!.split('<path>');
    expect(output()).toContain(`[Partnero] ${beforePath}`);
    expect(output()).toContain(`.partnero/outbox.db${afterPath}`);
    const { status } = await visit(`${url}/signup?aff=ann`, {
      method: 'POST',
      body: { email: 'ada@example.com' },
    });
    expect(status).toBe(201);
    await eventually(() => output().includes(`[Partnero] ${delivered}`));
    expect(find('user-ada@example.com')).toContain('attributed');
  });
});

describe('the log lines in the docs', () => {
  const code = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(root, 'lib', name), 'utf8'))
    .join('\n')
    .replaceAll(/[`'"]\s*\+\s*[`'"]/g, '');
  const lines = [
    ...page('errors')
      .split('## Log lines')[1]!
      .matchAll(/^\| `([^`]+)`/gm),
    ...page('troubleshooting').matchAll(/`([A-Za-z][^`\n]{20,}\.)`/g),
  ].map(([, line]) => line!);

  it('are found at all', () => expect(lines.length).toBeGreaterThan(18));

  it.each(lines)('are in the code: %s', (line) => {
    expect(line.split('…').filter((part) => !code.includes(part))).toEqual([]);
  });
});

describe('the tables of options and outcomes', () => {
  const cells = new Set(
    [
      ...`${page('options')}${page('outcomes')}${page('dashboard')}`.matchAll(/^\| `([^`]+)`/gm),
    ].map(([, name]) => name),
  );

  it.each([
    ['', 'dist/esm/partnero.options.d.ts', 'PartneroModuleOptions'],
    ['referral.', 'dist/esm/referral/referral.options.d.ts', 'ReferralOptions'],
    ['referral.capture.', 'dist/esm/referral/capture/capture.options.d.ts', 'CaptureOptions'],
    ['delivery.', 'dist/esm/outbox/delivery.options.d.ts', 'DeliveryOptions'],
    ['webhooks.', 'dist/esm/webhooks/webhooks.options.d.ts', 'WebhooksOptions'],
    ['', 'dist/esm/dashboard/dashboard.options.d.ts', 'PartneroDashboardOptions'],
    ['apiVariants.', 'dist/esm/api/api.variants.d.ts', 'ApiVariants'],
  ])('name every option: %s…', (prefix, file, type) => {
    const groups = new Set(['referral', 'delivery', 'capture', 'webhooks', 'apiVariants']);
    const names = propertiesOf(program, file, type).filter((name) => !groups.has(name));
    expect(names.length).toBeGreaterThan(2);
    expect(names.map((name) => prefix + name).filter((name) => !cells.has(name))).toEqual([]);
  });

  it.each(['AttributionOutcome', 'AcceptOutcome'])('name every outcome: %s', (type) => {
    const file = 'dist/esm/attribution/attribution.outcome.d.ts';
    const names = membersOf(program, file, type).filter((name) => name !== 'queued');
    expect(names.length).toBeGreaterThan(4);
    expect(names.filter((name) => !cells.has(name))).toEqual([]);
  });
});

describe('how the guide says to see that it works', () => {
  it('is how it looks', async () => {
    const { url, logger } = await startApp({
      imports: [partnero(fake)],
      prepare: (app) => void app.use(captureReferrals(app)),
    });
    const line = logger.ours('log').find((text) => text.includes('Attributing'))!;
    const shown = line.replace('[Partnero] ', '').replace(/Outbox: .*/, 'Outbox: <path>.');
    expect(guide).toContain(`\n   ${shown}\n`);
    const { cookies } = await httpGet(`${url}/?aff=ann`, { accept: '*/*' });
    const cookie = cookies[0]!.replace('=ann', '=<a partner key>');
    expect(guide).toContain(`# Set-Cookie: ${cookie}\n`);
  });
});

describe('what README and docs refer to', () => {
  const pages = ['.', 'docs', 'docs/decisions'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  );
  const textOf = (page: string) => readFileSync(join(root, page), 'utf8');
  const headingsOf = (page: string) =>
    [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replaceAll(/[^\w\s-]/g, '')
        .replaceAll(' ', '-'),
    );

  it.each(pages)('is there: %s', (page) => {
    const links = [
      ...textOf(page).matchAll(/\]\(([^)\s#]*)(?:#([^)\s]*))?\)/g),
      ...textOf(page).matchAll(/ (?:src|srcset)="([^"]+)"/g),
    ]
      .map(([, path = '', anchor]) => ({ path, anchor }))
      .filter(({ path }) => !path.startsWith('https://'));
    const missing = links.filter(({ path, anchor }) => {
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !headingsOf(target).includes(anchor);
    });
    expect(missing).toEqual([]);
  });

  it('is found at all', () => {
    expect(readme.split('\n').length).toBeLessThanOrEqual(230);
    expect(pages.length).toBeGreaterThan(20);
    expect(documents.match(/\]\([^)\s]*#/g)!.length).toBeGreaterThan(40);
    expect(readme.match(/!\[[^\]]+\]\(docs\//g)).toHaveLength(1);
  });

  it('are scripts of the package', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...documents.matchAll(/npm (?:run )?(start|test|(?<=run )[\w:-]+)/g)];
    expect(named.map(([, name]) => name!).filter((name) => !(name in scripts))).toEqual([]);
  });
});
