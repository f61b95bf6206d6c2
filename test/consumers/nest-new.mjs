// Makes apps as `nest new` does, installs the package and the newest @nestjs/axios, and runs their own
// tests and a sign-up: with their Jest or Vitest, and in Node.js.
// node test/consumers/nest-new.mjs [--nest 10|11|12]
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packInto, root, run } from './packed.mjs';

const schematics = join(root, 'node_modules/.bin/schematics');
const cli = (version) => (name, cwd) =>
  run('npx', ['--yes', `@nestjs/cli@${version}`, 'new', name, '-s', '-g', '-p', 'npm'], cwd);
const cli12 = (type) => (name, cwd) =>
  run(
    schematics,
    ['@nestjs/schematics:application', `--name=${name}`, `--type=${type}`, '--observe=false'],
    cwd,
  );

const JEST = ['node_modules/jest/bin/jest.js'];
const VITEST = ['node_modules/vitest/vitest.mjs', 'run'];
const E2E = ['--config', 'test/jest-e2e.json'];
const MODULES = '--experimental-vm-modules';
const MAIN = ['dist/main.js'];
/** Jest on an older Node.js can't load Nest 12 into CommonJS, with or without this package. */
const [major, minor] = process.versions.node.split('.').map(Number);
const canJestRequireModules = major > 24 || (major === 24 && minor >= 9);

/** How Node.js is called, and what calls Partnero then: Jest can't load an ES module into CommonJS. */
const commonJs = [
  { args: JEST },
  { args: [...JEST, ...E2E], http: 'Object' },
  { args: [MODULES, ...JEST, ...E2E], http: canJestRequireModules ? 'HttpService' : 'Object' },
  { args: MAIN, http: 'HttpService' },
  { args: ['--no-experimental-require-module', ...MAIN], http: 'Object' },
];

const APPS = {
  // Its Jest is 29. In Node.js it is as Nest 11.
  nest10: { generate: cli(10), ways: commonJs.filter(({ args }) => args[0] === JEST[0]) },
  nest11: { generate: cli(11), ways: commonJs },
  'nest12-cjs': {
    generate: cli12('cjs'),
    ways: [
      { args: [MODULES, ...JEST] },
      { args: [MODULES, ...JEST, ...E2E], http: 'HttpService' },
      { args: MAIN, http: 'HttpService' },
    ].filter(({ args }) => canJestRequireModules || args === MAIN),
  },
  'nest12-esm': {
    generate: cli12('esm'),
    ways: [
      { args: VITEST },
      { args: [...VITEST, '--config', 'vitest.config.e2e.ts'], http: 'HttpService' },
      { args: MAIN, http: 'HttpService' },
    ],
  },
};

const NOT_NEEDED =
  /eslint|prettier|oxlint|globals|coverage|ts-loader|tsconfig-paths$|source-map|@nestjs\/(cli|mau|schematics)/;
const isNeeded = ([name]) => name === 'vite-tsconfig-paths' || !NOT_NEEDED.test(name);

/** Leaves out what only its linter and its command line need: installing those takes minutes. */
function leanPackage(project) {
  const file = join(project, 'package.json');
  const content = JSON.parse(readFileSync(file, 'utf8'));
  const devDependencies = Object.fromEntries(
    Object.entries(content.devDependencies).filter((each) => isNeeded(each)),
  );
  writeFileSync(file, JSON.stringify({ ...content, devDependencies }));
  return content.type === 'module';
}

function copySignUp(project, isModule) {
  const from = join(root, 'test/consumers/nest-new');
  for (const name of readdirSync(from)) {
    const to = join(project, name.endsWith('e2e-spec.ts') ? 'test' : 'src', name);
    cpSync(join(from, name), to);
    if (isModule) continue;
    // As `nest new` writes imports in CommonJS.
    const code = readFileSync(to, 'utf8').replaceAll(/(from '\.[^']*)\.js'/g, "$1'");
    writeFileSync(to, code);
  }
}

function tryWay({ args, http }, project) {
  const output = run(process.execPath, args, project, { EXPECTED_HTTP: http ?? '' });
  if (args.includes(MAIN[0])) {
    const expected = JSON.stringify({ partner: 'ann', http });
    if (output.trim() !== expected) throw new Error(`${output.trim()} instead of ${expected}`);
  }
  console.log(`  node ${args.join(' ')}${http ? `: attributed through ${http}` : ''}`);
}

const { nest: wanted = '' } = parseArgs({ options: { nest: { type: 'string' } } }).values;
const folder = mkdtempSync(join(tmpdir(), 'nestjs-partnero-nest-new-'));
const install = (project, ...packages) =>
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages], project);

try {
  const filename = packInto(folder);
  for (const [name, { generate, ways }] of Object.entries(APPS)) {
    if (!name.startsWith(`nest${wanted}`)) continue;
    console.log(name);
    generate(name, folder);
    const project = join(folder, name);
    copySignUp(project, leanPackage(project));
    const peers = ['@nestjs/axios@latest', 'axios', 'class-validator', 'class-transformer'];
    install(project, `../${filename}`, ...peers);
    run(
      process.execPath,
      ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
      project,
    );
    for (const way of ways) tryWay(way, project);
    if (name.startsWith('nest12')) continue;
    install(project, '@nestjs/axios@4');
    tryWay({ args: [...JEST, ...E2E], http: 'HttpService' }, project);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
