// Installs the package as it would be published into small projects, and runs a sign-up in each.
// node test/consumers/run.mjs [name …]
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const common = {
  axios: '^1.6.0',
  'class-transformer': '^0.5.1',
  'reflect-metadata': '^0.2.2',
  rxjs: '^7.8.1',
  typescript: devDependencies.typescript,
  '@types/node': devDependencies['@types/node'],
};
const nest = (version, axios, validator) => ({
  ...common,
  '@nestjs/common': version,
  '@nestjs/core': version,
  '@nestjs/platform-express': version,
  '@nestjs/axios': axios,
  'class-validator': validator,
});

/** Module format, how TypeScript resolves modules, and the dependencies. */
const CONSUMERS = {
  'nest12-esm': {
    type: 'module',
    module: 'nodenext',
    dependencies: nest('^12.0.0', '^12.0.0', '^0.15.1'),
  },
  'nest12-cjs': {
    type: 'commonjs',
    module: 'nodenext',
    dependencies: nest('^12.0.0', '^12.0.0', '^0.15.1'),
  },
  'nest11-cjs': {
    type: 'commonjs',
    module: 'node20',
    dependencies: nest('^11.0.0', '^4.0.0', '^0.14.1'),
  },
  'nest10-cjs': {
    type: 'commonjs',
    module: 'commonjs',
    moduleResolution: 'bundler',
    dependencies: { ...nest('^10.0.0', '^3.0.0', '^0.14.1'), 'reflect-metadata': '^0.1.13' },
  },
};

const wanted = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'nestjs-partnero-consumers-'));
const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

try {
  const [{ filename }] = JSON.parse(
    run('npm', ['pack', '--json', '--pack-destination', folder], root),
  );
  for (const [name, consumer] of Object.entries(CONSUMERS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const project = join(folder, name);
    mkdirSync(project);
    cpSync(join(root, 'test/consumers/app.ts'), join(project, 'app.ts'));
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
        include: ['app.ts'],
      }),
    );
    run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], project);
    run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], project);
    console.log(`${name}: ${run(process.execPath, ['app.js'], project).trim()}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
