import { createRequire } from 'node:module';
import type * as schematic from '#lib/schematics/nest-add.js';

const require = createRequire(import.meta.url);
const { nestAdd } = require('../../dist/cjs/schematics/nest-add.js') as typeof schematic;

const MAIN = `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module';

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(process.env.PORT ?? 3000);
}
bootstrap();
`;
const MODULE = `import { Module } from '@nestjs/common';
import { AppController } from './app.controller';

@Module({
  imports: [],
  controllers: [AppController],
})
export class AppModule {}
`;
const manifest = (nest: string, more = {}) =>
  `${JSON.stringify({ name: 'app', dependencies: { '@nestjs/core': nest, rxjs: '^7.8.1', ...more } }, null, 2)}\n`;

/** The files of an app, as a schematic sees them. */
class App {
  readonly writes: string[] = [];
  readonly tasks: object[] = [];
  log = '';

  constructor(readonly files: Record<string, string>) {}

  read(path: string): Buffer | null {
    const text = this.files[path];
    return text === undefined ? null : Buffer.from(text);
  }

  exists(path: string): boolean {
    return path in this.files;
  }

  create(path: string, text: string): void {
    this.writes.push(path);
    this.files[path] = text;
  }

  overwrite(path: string, text: string): void {
    this.create(path, text);
  }

  add(options: { sourceRoot?: string } = {}): this {
    const say = (message: string) => void (this.log += `${message}\n`);
    nestAdd(options)(this, {
      logger: { info: say, warn: say },
      addTask: (task) => this.tasks.push(task.toConfiguration()),
    });
    return this;
  }
}

const newApp = (files: Record<string, string> = {}) =>
  new App({
    '/package.json': manifest('^11.0.1'),
    '/src/main.ts': MAIN,
    '/src/app.module.ts': MODULE,
    ...files,
  });

/** What is made of an app's root module. */
const moduleWith = (text: string) =>
  newApp({ '/src/app.module.ts': text }).add().files['/src/app.module.ts'];

/** A root module with these entries. */
const withEntries = (entries: string) =>
  `import { Module } from "@nestjs/common"\n@Module(${entries})\nexport class AppModule {}\n`;

describe('nest add nestjs-partnero', () => {
  it('adds the module, the capturing, the peers and the lines for the key and the outbox', () => {
    const app = newApp({ '/.gitignore': '/dist\n.env' }).add();
    expect(app.files['/src/app.module.ts']).toBe(
      MODULE.replace('imports: []', 'imports: [PartneroModule.forRoot()]').replace(
        '\n',
        "\nimport { PartneroModule } from 'nestjs-partnero';\n",
      ),
    );
    expect(app.files['/src/main.ts']).toBe(
      MAIN.replace('(AppModule);', '(AppModule);\n  app.use(captureReferrals(app));').replace(
        '\n',
        "\nimport { captureReferrals } from 'nestjs-partnero';\n",
      ),
    );
    expect(app.files).toMatchObject({
      '/.env.example': 'PARTNERO_API_KEY=\n',
      '/.gitignore': '/dist\n.env\n.partnero\n',
      '/.dockerignore': '.partnero\n',
    });
    expect(app.log).not.toContain('by hand');
    expect(app.log).toContain('@AttributeReferral()');
  });

  it.each([
    ['^10.4.0', '^4.0.0'],
    ['^11.0.1', '^4.0.0'],
    ['^12.0.1', '^12.0.0'],
  ])('installs the @nestjs/axios for Nest %s', (nest, axios) => {
    const app = newApp({ '/package.json': manifest(nest) }).add();
    const { dependencies } = JSON.parse(app.files['/package.json']!) as { dependencies: object };
    expect(Object.entries(dependencies)).toEqual([
      ['@nestjs/axios', axios],
      ['@nestjs/core', nest],
      ['axios', '^1.6.0'],
      ['class-transformer', '^0.5.1'],
      ['class-validator', '^0.15.0'],
      ['rxjs', '^7.8.1'],
    ]);
    expect(app.tasks).toMatchObject([
      { name: 'node-package', options: { command: 'install', packageManager: 'npm' } },
    ]);
  });

  it('goes by the Nest that is installed, and keeps the versions that the app has chosen', () => {
    const app = newApp({
      '/package.json': manifest('catalog:', { axios: '1.7.0' }),
      '/node_modules/@nestjs/core/package.json': '{"version":"12.1.0"}',
      '/pnpm-lock.yaml': '',
    }).add();
    expect(app.files['/package.json']).toContain('"@nestjs/axios": "^12.0.0"');
    expect(app.files['/package.json']).toContain('"axios": "1.7.0"');
    expect(app.tasks).toMatchObject([{ options: { packageManager: 'pnpm' } }]);
  });

  it('leaves a main.ts alone whose call goes on in the next line', () => {
    const main = MAIN.replace('(AppModule);', '(AppModule)\n    .catch(console.error)\n');
    const app = newApp({ '/src/main.ts': main }).add();
    expect(app.files['/src/main.ts']).toBe(main);
    expect(app.log).toContain('by hand');
  });

  it('adds the capturing to a main.ts without semicolons', () => {
    const app = newApp({ '/src/main.ts': MAIN.replaceAll(';', '') }).add();
    expect(app.files['/src/main.ts']).toContain('(AppModule)\n  app.use(captureReferrals(app))\n');
  });

  it('changes nothing when it is run again', () => {
    const app = newApp().add();
    app.writes.length = 0;
    app.tasks.length = 0;
    app.add();
    expect(app.writes).toEqual([]);
    expect(app.tasks).toEqual([]);
  });

  it('finds the root module through main.ts, in a project of a monorepo too', () => {
    const app = newApp({
      '/apps/api/src/main.ts': MAIN.replace('./app.module', './root/api.module.js').replaceAll(
        'AppModule',
        'ApiModule',
      ),
      '/apps/api/src/root/api.module.ts': MODULE,
    }).add({ sourceRoot: 'apps/api/src' });
    expect(app.files['/apps/api/src/root/api.module.ts']).toContain('PartneroModule.forRoot()');
    expect(app.files['/apps/api/src/main.ts']).toContain('captureReferrals(app)');
    expect(app.files['/src/app.module.ts']).toBe(MODULE);
  });

  it('keeps Windows line ends', () => {
    const added = moduleWith(MODULE.replaceAll('\n', '\r\n'));
    expect(added).toContain("import { PartneroModule } from 'nestjs-partnero';\r\n");
    expect(added?.replaceAll('\r\n', '')).not.toContain('\n');
  });

  it.each([
    ['{}', '{ imports: [PartneroModule.forRoot()] }'],
    ['{ controllers: [] }', '{ imports: [PartneroModule.forRoot()], controllers: [] }'],
    ['{ imports: [Users] }', '{ imports: [PartneroModule.forRoot(), Users] }'],
    [
      '{\n  imports: [\n    Users, // imports: []\n  ],\n}',
      '{\n  imports: [\n    PartneroModule.forRoot(),\n    Users, // imports: []\n  ],\n}',
    ],
    [
      '{\n  providers: [{ imports: [] }],\n}',
      '{\n  imports: [PartneroModule.forRoot()],\n  providers: [{ imports: [] }],\n}',
    ],
    [
      "{ imports: [Config.forRoot({ path: '}' })] }",
      "{ imports: [PartneroModule.forRoot(), Config.forRoot({ path: '}' })] }",
    ],
  ])('adds to @Module(%j)', (before, after) => {
    expect(moduleWith(withEntries(before))).toBe(
      withEntries(after).replace('\n', '\nimport { PartneroModule } from "nestjs-partnero"\n'),
    );
  });

  it.each([
    ['imports are a variable', withEntries('{ imports }')],
    ['imports are made elsewhere', withEntries('{ imports: modules() }')],
    ['entries are spread', withEntries('{ ...shared, controllers: [] }')],
    ['there are two modules', withEntries('{}') + withEntries('{}')],
    ['the brackets do not match', '@Module({ imports: [\n'],
    ['Module is imported in another way', "import * as nest from 'nest'\n@Module({})\nclass A {}"],
  ])('leaves the root module alone, and says what to add, if %s', (_, text) => {
    const app = newApp({ '/src/app.module.ts': text }).add();
    expect(app.files['/src/app.module.ts']).toBe(text);
    expect(app.log).toMatch(/by hand.*src\/app\.module\.ts: PartneroModule\.forRoot\(\)/s);
    expect(app.log).not.toContain('src/main.ts:');
  });

  it.each([
    [
      'const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter());',
    ],
    ['const app: INestApplication = await NestFactory.create(AppModule, { rawBody: true });'],
    [
      'const app = await NestFactory.create(\n    AppModule,\n    { bufferLogs: true },\n  ); // later',
    ],
  ])('captures links behind %j', (create) => {
    const main = MAIN.replace(/const app = .*/, create);
    const app = newApp({ '/src/main.ts': main }).add();
    expect(app.files['/src/main.ts']).toContain(`${create}\n  app.use(captureReferrals(app));\n`);
  });

  it.each([
    ['is missing', undefined],
    ['starts no HTTP server', MAIN.replace('.create(', '.createApplicationContext(')],
    ['keeps the app in no variable', MAIN.replace(/const app = (.*);/, '($1).listen(1);')],
    ['chains calls', MAIN.replace('(AppModule);', '(AppModule).catch(log);')],
    ['has the call in a comment only', MAIN.replace('const app', '// const app')],
  ])('says what to add by hand if main.ts %s', (_, main) => {
    const app = newApp();
    if (main === undefined) delete app.files['/src/main.ts'];
    else app.files['/src/main.ts'] = main;
    app.add();
    expect(app.files['/src/main.ts']).toBe(main);
    expect(app.log).toMatch(/by hand.*src\/main\.ts: app\.use\(captureReferrals\(app\)\)/s);
    expect(app.files['/src/app.module.ts']).toContain('PartneroModule.forRoot()');
  });

  it('says that the packages have to be installed by hand if the version of Nest is unknown', () => {
    const app = newApp({ '/package.json': '{"name":"app"}' }).add();
    expect(app.files['/package.json']).toBe('{"name":"app"}');
    expect(app.tasks).toEqual([]);
    expect(app.log).toContain('package.json: ');
  });
});
