// Installs the package as it would be published into small projects, compiles the code of README and
// docs and the tests of its types in each, and runs the quick start and the capturing of links.
// node test/consumers/run.mjs [--nest 10|11|12]
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packInto, root, run } from './packed.mjs';

const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const common = {
  axios: '^1.6.0',
  'class-transformer': '^0.5.1',
  'reflect-metadata': '^0.2.2',
  rxjs: '^7.8.1',
  typescript: devDependencies.typescript,
  '@types/node': devDependencies['@types/node'],
  '@types/express': '^5.0.0',
};
const nest = (version, axios, validator, config = axios) => ({
  ...common,
  '@nestjs/common': version,
  '@nestjs/core': version,
  '@nestjs/platform-express': version,
  '@nestjs/platform-fastify': version,
  '@nestjs/axios': axios,
  '@nestjs/config': config,
  'class-validator': validator,
});

/**
 * Module format, how TypeScript resolves modules, the dependencies, the pattern that catches all pages
 * there, and whether it takes `--nest` to run it.
 */
const CONSUMERS = {
  // Types of a newer Node.js than our own.
  'nest12-esm': {
    type: 'module',
    module: 'nodenext',
    dependencies: { ...nest('^12.0.0', '^12.0.0', '^0.15.1'), '@types/node': '^26.0.0' },
    allPages: '{*path}',
  },
  'nest12-cjs': {
    type: 'commonjs',
    module: 'nodenext',
    dependencies: nest('^12.0.0', '^12.0.0', '^0.15.1'),
    allPages: '{*path}',
  },
  'nest11-cjs': {
    type: 'commonjs',
    module: 'node20',
    dependencies: nest('^11.0.0', '^4.0.0', '^0.14.1'),
    allPages: '{*path}',
  },
  'nest11-esm': {
    type: 'module',
    module: 'nodenext',
    dependencies: nest('^11.0.0', '^4.0.0', '^0.14.1'),
    allPages: '{*path}',
    onlyIfWanted: true,
  },
  'nest10-esm': {
    type: 'module',
    module: 'nodenext',
    dependencies: nest('^10.0.0', '^3.0.0', '^0.14.1', '^4.0.0'),
    allPages: '*',
    onlyIfWanted: true,
  },
  // The oldest TypeScript that @types/node supports, and modules as `nest new` of Nest 10 sets them.
  'nest10-cjs': {
    type: 'commonjs',
    module: 'commonjs',
    moduleResolution: 'node10',
    dependencies: {
      ...nest('^10.0.0', '^3.0.0', '^0.14.1', '^4.0.0'),
      'reflect-metadata': '^0.1.13',
      typescript: '~5.6.3',
    },
    allPages: '*',
  },
};

const OPTIONAL =
  /@nestjs\/(bullmq|graphql|swagger|terminus|testing)|nestjs-partnero\/(bullmq|postgres)|from '(pg|kysely|typeorm)'/;
const documents = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];
/** Their code by file name, without what needs a package that not every user has. */
const snippets = documents
  .flatMap((name) => [
    ...readFileSync(join(root, name), 'utf8').matchAll(/^( *)```ts\n(.*?)```/gms),
  ])
  .map(([, indent, code]) => code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''))
  .map((code) => ({ name: /^\/\/ (\S+)/.exec(code)[1], code }))
  .filter(({ code }) => !OPTIONAL.test(code));

function writeQuickStart(project) {
  for (const { name, code } of snippets) writeFileSync(join(project, name), code);
  cpSync(join(root, 'test/readme/users.ts'), join(project, 'users.ts'));
  for (const file of ['app.ts', 'capture.ts']) {
    cpSync(join(root, 'test/consumers', file), join(project, file));
  }
  cpSync(join(root, 'test/types/programs.ts'), join(project, 'types.ts'));
}

const { nest: wanted = '' } = parseArgs({ options: { nest: { type: 'string' } } }).values;
const folder = mkdtempSync(join(tmpdir(), 'nestjs-partnero-consumers-'));

try {
  const filename = packInto(folder);
  for (const [name, consumer] of Object.entries(CONSUMERS)) {
    if (!name.startsWith(`nest${wanted}`) || (!wanted && consumer.onlyIfWanted)) continue;
    const project = join(folder, name);
    mkdirSync(project);
    writeQuickStart(project);
    writeFileSync(
      join(project, 'package.json'),
      JSON.stringify({
        name,
        private: true,
        type: consumer.type,
        dependencies: { ...consumer.dependencies, 'nestjs-partnero': `file:../${filename}` },
      }),
    );
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          target: 'es2023',
          module: consumer.module,
          ...(consumer.moduleResolution ? { moduleResolution: consumer.moduleResolution } : {}),
          types: ['node'],
          strict: true,
          experimentalDecorators: true,
          emitDecoratorMetadata: true,
          esModuleInterop: true,
          // Our own types must stand on what a user has installed.
          skipLibCheck: false,
        },
        include: ['*.ts'],
      }),
    );
    run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], project);
    run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], project);
    for (const adapter of ['express', 'fastify']) {
      const said = [
        run(process.execPath, ['app.js', adapter], project),
        run(process.execPath, ['capture.js', adapter, consumer.allPages], project),
      ];
      console.log(`${name}, ${adapter}: ${said.map((text) => text.trim()).join('; ')}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
