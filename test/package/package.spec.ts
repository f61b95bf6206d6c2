import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as api from 'nestjs-partnero';
import * as bullmq from 'nestjs-partnero/bullmq';
import * as dashboard from 'nestjs-partnero/dashboard';
import * as health from 'nestjs-partnero/health';
import * as opentelemetry from 'nestjs-partnero/opentelemetry';
import * as postgres from 'nestjs-partnero/postgres';
import * as testing from 'nestjs-partnero/testing';
import { VERSION } from '#lib/version.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
  exports: Record<string, unknown>;
  peerDependencies: Record<string, string>;
};

const node = (...args: string[]) =>
  execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }).trim();

function filesIn(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(root, folder, name));
}

describe('the public surface', () => {
  it('is this, and nothing else', () => {
    expect(Object.keys(api).toSorted()).toEqual([
      'AttributeReferral',
      'AttributeReferralInterceptor',
      'BuyerDto',
      'ConvertLeadDto',
      'CreateCustomerDto',
      'CreateCustomerLinkDto',
      'CreateCustomerOptionsDto',
      'CreateLeadDto',
      'CreatePartnerDto',
      'CreatePartnerLinkDto',
      'CreateReferAFriendTransactionDto',
      'CreateReferredCustomerDto',
      'CreateSubscriberDto',
      'CreateTransactionDto',
      'CreateTransactionOptionsDto',
      'CreateWebhookDto',
      'CreditBalanceDto',
      'CustomerMetadataDto',
      'CustomerReferenceDto',
      'InjectPartnero',
      'InviteCustomerDto',
      'OnPartneroEvent',
      'OutboxError',
      'PartnerReferenceDto',
      'PartneroConfigurationError',
      'PartneroError',
      'PartneroEvent',
      'PartneroModule',
      'PartneroService',
      'PartneroWebhook',
      'PartneroWebhookGuard',
      'Referral',
      'ReferralCaptureMiddleware',
      'ReferredBuyerDto',
      'ReferringCustomerDto',
      'RewardPartnerDto',
      'SignInUrlDto',
      'SubscriberReferenceDto',
      'UpdateCustomerDto',
      'UpdateLinkDto',
      'UpdatePartnerDto',
      'UpdateProgramDto',
      'UpdateReferAFriendCustomerDto',
      'UpdateSubscriberDto',
      'UpdateWebhookDto',
      'captureReferrals',
      'checkoutMetadata',
      'fromMinorUnits',
      'getPartneroToken',
      'getPartneroTokens',
      'getWebhookVerifierToken',
      'getWebhooksToken',
      'inlineOutbox',
      'onPartneroMessage',
      'onPartneroTrace',
      'sqliteOutbox',
    ]);
    expect(Object.keys(health)).toEqual(['PartneroHealthIndicator']);
    expect(Object.keys(opentelemetry)).toEqual(['PartneroOpenTelemetryModule']);
    expect(Object.keys(bullmq)).toEqual(['bullmqOutbox']);
    expect(Object.keys(dashboard)).toEqual(['PartneroDashboardModule', 'explain', 'explainPause']);
    expect(Object.keys(postgres)).toEqual([
      'fromDrizzle',
      'fromKnex',
      'fromKysely',
      'fromPg',
      'fromPrisma',
      'fromTypeOrm',
      'postgresOutbox',
    ]);
    expect(Object.keys(testing)).toEqual([
      'FakePartnero',
      'FakePartneroService',
      'outboxConformance',
      'partneroMatchers',
      'provideFakePartnero',
      'signPartneroEvent',
    ]);
    expect(Object.keys(manifest.exports)).toEqual([
      '.',
      './health',
      './dashboard',
      './opentelemetry',
      './testing',
      './bullmq',
      './postgres',
      './sqlite-worker',
      './package.json',
    ]);
  });

  it('knows its own version', () => {
    expect(VERSION).toBe(manifest.version);
  });
});

describe('import and require', () => {
  it.each(['', '/health', '/dashboard', '/opentelemetry', '/testing', '/bullmq', '/postgres'])(
    'load one copy of nestjs-partnero%s',
    (subPath) => {
      const name = `nestjs-partnero${subPath}`;
      const script = `
      const { createRequire } = await import('node:module');
      const require = createRequire(process.cwd() + '/x.js');
      await import('reflect-metadata');
      const imported = await import('${name}');
      const required = require('${name}');
      const names = Object.keys(imported).filter((each) => each !== 'module.exports');
      console.log(names.length > 0 && names.every((each) => imported[each] === required[each]));
    `;
      expect(node('--input-type=module', '-e', script)).toBe('true');
    },
  );

  it('do not load node:sqlite, nor start a thread', () => {
    const script = `
      await import('reflect-metadata');
      await import('nestjs-partnero');
      const { getActiveResourcesInfo, moduleLoadList } = process;
      const busy = getActiveResourcesInfo().filter((each) => each !== 'PipeWrap');
      console.log(moduleLoadList.some((each) => each.includes('sqlite')), busy);
    `;
    expect(node('--input-type=module', '-e', script)).toBe('false []');
  });
});

describe('what is published', () => {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as { files: { path: string }[]; size: number }[];
  const paths = packed!.files.map(({ path }) => path);

  it('is the two builds and what belongs to them', () => {
    const strangers = paths.filter((path) => !/^dist\/(esm|cjs)\//.test(path));
    expect(strangers.toSorted()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'package.json',
      'schematics/collection.json',
      'schematics/nest-add.schema.json',
    ]);
    for (const file of ['sqlite.worker.js', 'directory.cjs']) {
      expect(paths).toContain(`dist/esm/outbox/sqlite/${file}`);
      expect(paths).toContain(`dist/cjs/outbox/sqlite/${file}`);
    }
  });

  it('is small', () => {
    expect(packed!.size).toBeLessThan(350_000);
  });

  it('imports nothing that a user may lack', () => {
    const allowed = new Set(Object.keys(manifest.peerDependencies));
    const imported = new Set<string>();
    for (const file of [...filesIn('dist/esm', '.d.ts'), ...filesIn('dist/esm', '.js')]) {
      const text = readFileSync(file, 'utf8');
      for (const [, name] of text.matchAll(/(?:from|import\()\s*'([^'.][^']*)'/g))
        imported.add(name!);
    }
    const packages = [...imported]
      .filter((name) => !name.startsWith('node:'))
      .map((name) =>
        name
          .split('/')
          .slice(0, name.startsWith('@') ? 2 : 1)
          .join('/'),
      );
    expect(packages.filter((name) => !allowed.has(name))).toEqual([]);
  });

  it('has no any in its types', () => {
    const offenders = filesIn('dist/esm', '.d.ts').filter((file) => {
      const code = readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|'[^']*'/g, '');
      return /\bany\b/.test(code);
    });
    expect(offenders).toEqual([]);
  });

  it('uses neither import.meta nor top-level await, which one of the builds lacks', () => {
    for (const file of filesIn('lib', '.ts')) {
      expect([
        file,
        /import\.meta|^await /m.test(readFileSync(file, 'utf8').replaceAll(/`import\.meta`/g, '')),
      ]).toEqual([file, false]);
    }
  });

  it('documents what is public', () => {
    const index = [
      '',
      'health/',
      'dashboard/',
      'opentelemetry/',
      'testing/',
      'bullmq/',
      'postgres/',
    ]
      .map((folder) => readFileSync(join(root, `lib/${folder}index.ts`), 'utf8'))
      .join('');
    const names = [...index.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, list]) =>
      list!.split(',').map((name) => name.trim().replaceAll(/^type | as .*/g, '')),
    );
    const sources = filesIn('lib', '.ts').map((file) => readFileSync(file, 'utf8'));
    const undocumented = names.filter((name) => {
      const declared = new RegExp(
        `\\*/\\n(?:@[^\\n]*\\n)*export (?:abstract )?(?:class|function|interface|type|const) ${name}\\b`,
      );
      return name && !sources.some((text) => declared.test(text));
    });
    expect(names.length).toBeGreaterThan(40);
    expect(undocumented).toEqual([]);
  });
});
