// Generates apps with `nest new`, runs `nest add` on them for the package as it would be published, and
// starts them against a fake Partnero.
// node test/consumers/nest-add.mjs [--nest 11|12]
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { FakePartnero } from '../../dist/esm/testing/index.js';
import { packInto } from './packed.mjs';

/** `nest new` makes a CommonJS app of 11 and an ESM app of 12. Each must get this @nestjs/axios. */
const AXIOS = { 11: '4', 12: '12' };
/** Compiling needs only these of the packages for an app's own tests. */
const NEEDED = new Set(['typescript', '@types/node', '@types/express']);

const work = mkdtempSync(join(tmpdir(), 'nestjs-partnero-nest-add-'));
const env = {
  ...process.env,
  PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
  // Also for what `nest add` installs.
  npm_config_prefer_offline: 'true',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
};
const execute = promisify(execFile);
const run = async (cwd, command, ...args) => (await execute(command, args, { cwd, env })).stdout;
const node = (cwd, ...args) => run(cwd, process.execPath, ...args);
const install = (cwd, ...packages) => run(cwd, 'npm', 'install', ...packages);
const read = (...path) => readFileSync(join(...path), 'utf8');

/** Installs the Nest CLI of that version, and returns what runs it. */
async function installCli(nest) {
  const folder = join(work, `cli-${nest}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  await install(folder, `@nestjs/cli@${nest}`, `@nestjs/schematics@${nest}`);
  return (cwd, ...args) => node(cwd, join(folder, 'node_modules/@nestjs/cli/bin/nest.js'), ...args);
}

/** An app of `nest new`, without what only its own tests need. */
async function generate(cli, name) {
  await cli(work, 'new', name, '--skip-install', '--skip-git', '--package-manager=npm');
  const path = join(work, name, 'package.json');
  const { devDependencies, ...manifest } = JSON.parse(read(path));
  const needed = Object.entries(devDependencies).filter(([each]) => NEEDED.has(each));
  const slim = { ...manifest, devDependencies: Object.fromEntries(needed) };
  writeFileSync(path, JSON.stringify(slim, null, 2));
  return join(work, name);
}

/** What `nest add` may change, by path. */
function filesOf(project) {
  return readdirSync(project, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map((entry) => [join(entry.parentPath, entry.name), read(entry.parentPath, entry.name)]);
}

/** Starts the app, follows a partner's link, and returns the cookie and what was logged until then. */
async function followLink(project) {
  const fake = await FakePartnero.start({ partners: ['ann'] });
  const port = await freePort();
  const keys = { PARTNERO_API_KEY: fake.apiKey, PARTNERO_BASE_URL: fake.baseUrl };
  const app = spawn(process.execPath, ['dist/main.js'], {
    cwd: project,
    env: { ...env, ...keys, PORT: `${port}`, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let log = '';
  app.stdout.on('data', (chunk) => (log += chunk));
  try {
    for (let tries = 0; tries < 300 && app.exitCode === null; tries += 1) {
      const page = await fetch(`http://127.0.0.1:${port}/?aff=ann`).catch(() => null);
      if (page) return { cookie: page.headers.get('set-cookie'), log };
      await new Promise((next) => setTimeout(next, 100));
    }
    throw new Error(`The app doesn't respond. It logged:\n${log}`);
  } finally {
    app.kill();
    await fake.stop();
  }
}

async function freePort() {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

async function test(nest, tarball) {
  const cli = await installCli(nest);
  const project = await generate(cli, `app-${nest}`);
  await install(project, tarball);

  const output = await cli(project, 'add', 'nestjs-partnero', '--skip-install');
  assert.match(output, /Next:[^]*PARTNERO_API_KEY[^]*@AttributeReferral\(\)/);
  assert.doesNotMatch(output, /by hand/);
  const { version } = JSON.parse(read(project, 'node_modules/@nestjs/axios/package.json'));
  assert.equal(version.split('.')[0], AXIOS[nest]);
  const { dependencies } = JSON.parse(read(project, 'package.json'));
  const peers = ['@nestjs/axios', 'axios', 'class-transformer', 'class-validator'];
  assert.deepEqual(
    peers.filter((peer) => !dependencies[peer]),
    [],
  );
  assert.match(read(project, '.env.example'), /^PARTNERO_API_KEY=$/m);
  for (const file of ['.gitignore', '.dockerignore']) {
    assert.match(read(project, file), /^\.partnero$/m);
  }

  const before = filesOf(project);
  await cli(project, 'add', 'nestjs-partnero', '--skip-install');
  assert.deepEqual(filesOf(project), before);

  const tsc = 'node_modules/typescript/bin/tsc';
  await node(project, tsc, '-p', 'tsconfig.build.json', '--types', 'node');
  const { cookie, log } = await followLink(project);
  assert.match(cookie, /^partnero_partner=ann;/);
  assert.match(log, /Attributing to the affiliate program/);
  console.log(`nest new of ${nest}: nest add changes it once, and the app captures a link`);
}

const { nest: wanted = '' } = parseArgs({ options: { nest: { type: 'string' } } }).values;
try {
  const filename = packInto(work);
  const versions = Object.keys(AXIOS).filter((nest) => nest.startsWith(wanted));
  await Promise.all(versions.map((nest) => test(nest, `../${filename}`)));
} finally {
  rmSync(work, { recursive: true, force: true });
}
