import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Type } from '@nestjs/common';
import { PartneroService } from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { closeApps, partnero, startApp } from '../support/app.js';
import { compileSnippets, membersOf, propertiesOf, readme, snippets } from '../support/readme.js';
import { settled, visit } from '../support/sign-up-client.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { folder, complaints, program } = compileSnippets();

const load = async (name: string) =>
  (await import(pathToFileURL(join(folder, `${name}.js`)).href)) as Record<string, Type>;

let fake: FakePartnero;

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann'] });
});

afterEach(async () => {
  await closeApps();
  await fake.stop();
});

describe('the code in the README', () => {
  it('compiles', () => {
    expect(snippets().size).toBeGreaterThan(8);
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

  it('works: the test of a sign-up, as a test', () => {
    const config = {
      rootDir: folder,
      testEnvironment: 'node',
      testMatch: ['**/*.spec.js'],
      transform: {},
    };
    const args = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
    const jest = join(root, 'node_modules/jest/bin/jest.js');
    execFileSync(process.execPath, [...args, jest, '--config', JSON.stringify(config)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  });
});

describe('the tables in the README', () => {
  const cells = new Set([...readme.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name));

  it.each([
    ['', 'dist/esm/partnero.options.d.ts', 'PartneroModuleOptions'],
    ['referral.', 'dist/esm/referral/referral.options.d.ts', 'ReferralOptions'],
    ['delivery.', 'dist/esm/outbox/delivery.options.d.ts', 'DeliveryOptions'],
    ['readings.', 'dist/esm/api/api.readings.d.ts', 'ApiReadings'],
  ])('name every option: %s…', (prefix, file, type) => {
    const groups = new Set(['referral', 'delivery', 'readings']);
    const names = propertiesOf(program, file, type).filter((name) => !groups.has(name));
    expect(names.length).toBeGreaterThan(2);
    expect(names.map((name) => prefix + name).filter((name) => !cells.has(name))).toEqual([]);
  });

  it.each(['AttributionOutcome', 'AcceptOutcome'])('name every outcome: %s', (type) => {
    const file = 'dist/esm/attribution/attribution.outcome.d.ts';
    const names = membersOf(program, file, type).filter((name) => name !== 'accepted');
    expect(names.length).toBeGreaterThan(4);
    expect(names.filter((name) => !cells.has(name))).toEqual([]);
  });
});

describe('what the README refers to', () => {
  it('is there', () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, link]) => link!);
    const local = links.filter((link) => !link.startsWith('https://'));
    expect(local.length).toBeGreaterThan(3);
    expect(local.filter((link) => !existsSync(join(root, link)))).toEqual([]);
  });

  it('are scripts of the package', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...readme.matchAll(/npm (?:run )?(start|test|(?<=run )[\w:-]+)/g)];
    expect(named.map(([, name]) => name!).filter((name) => !(name in scripts))).toEqual([]);
  });
});
