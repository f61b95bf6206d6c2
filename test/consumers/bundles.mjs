// Bundles an app that has the package as it would be published, with esbuild and webpack, and runs each
// bundle in a folder of its own. Then runs the app without its devDependencies, frozen for a while, and
// as another user on a read-only file system.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packInto, root, run } from './packed.mjs';

const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const work = mkdtempSync(join(tmpdir(), 'nestjs-partnero-bundles-'));
const project = join(work, 'app');
const node = (cwd, ...args) => run(process.execPath, args, cwd);
const QUIETLY = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
const npm = (...args) => run('npm', [...args, ...QUIETLY], project);

/** What Nest loads only if it is there. */
const OPTIONAL =
  /^(@nestjs\/(microservices|websockets)|@fastify\/(static|view)|class-transformer\/storage)/;
const AS_USER = ['setpriv', '--reuid', '1000', '--regid', '1000', '--clear-groups'];
const ENTRIES = { app: './bundled.js', worker: 'nestjs-partnero/sqlite-worker' };

function install() {
  const filename = packInto(work);
  const tools = ['esbuild', 'typescript', '@types/node'].map((name) => [
    name,
    devDependencies[name],
  ]);
  const nest = ['common', 'core', 'platform-express', 'axios'];
  mkdirSync(project);
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({
      private: true,
      type: 'module',
      dependencies: {
        ...Object.fromEntries(nest.map((name) => [`@nestjs/${name}`, '^12.0.0'])),
        axios: '^1.6.0',
        'class-transformer': '^0.5.1',
        'class-validator': '^0.15.0',
        'nestjs-partnero': `file:../${filename}`,
        'reflect-metadata': '^0.2.2',
        rxjs: '^7.8.1',
      },
      devDependencies: { ...Object.fromEntries(tools), webpack: '^5.100.0' },
    }),
  );
  npm('install');
  cpSync(join(root, 'test/consumers/bundled.ts'), join(project, 'bundled.ts'));
  const options = '--module nodenext --target es2023 --types node --experimentalDecorators';
  node(project, 'node_modules/typescript/bin/tsc', 'bundled.ts', ...options.split(' '));
}

async function withEsbuild(esbuild, format, folder, extension) {
  const requireInEsm =
    "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);";
  const optional = {
    name: 'optional',
    setup: (build) =>
      build.onResolve({ filter: OPTIONAL }, ({ path }) => ({ path, external: true })),
  };
  await esbuild.build({
    absWorkingDir: project,
    entryPoints: ENTRIES,
    outdir: folder,
    outExtension: { '.js': extension },
    bundle: true,
    platform: 'node',
    format,
    plugins: [optional],
    banner: format === 'esm' ? { js: requireInEsm } : {},
  });
}

async function withWebpack(webpack, format, folder, extension) {
  const isEsm = format === 'esm';
  const compiler = webpack({
    context: project,
    mode: 'production',
    target: 'node22',
    entry: ENTRIES,
    output: { path: folder, filename: `[name]${extension}`, module: isEsm },
    experiments: { outputModule: isEsm },
    optimization: { minimize: false },
    plugins: [new webpack.IgnorePlugin({ resourceRegExp: OPTIONAL })],
  });
  await new Promise((resolve, reject) => {
    compiler.run((error, stats) =>
      error || stats.hasErrors() ? reject(error ?? new Error(stats.toString())) : resolve(),
    );
  });
}

async function runBundles() {
  const require = createRequire(join(project, 'x.js'));
  const load = async (name) => (await import(pathToFileURL(require.resolve(name)).href)).default;
  const bundlers = [
    ['esbuild', withEsbuild, await load('esbuild')],
    ['webpack', withWebpack, await load('webpack')],
  ];
  for (const [name, bundle, tool] of bundlers) {
    for (const format of ['esm', 'cjs']) {
      const folder = join(work, `${name}-${format}`);
      const extension = format === 'esm' ? '.mjs' : '.cjs';
      mkdirSync(folder);
      await bundle(tool, format, folder, extension);
      for (const engine of ['inline', 'sqlite']) {
        const output = node(folder, `app${extension}`, engine, `./worker${extension}`);
        assert.match(output, /^\{"attributed":1\}$/m);
      }
      console.log(
        `${name}, ${format}: inlineOutbox() and sqliteOutbox() run from the output folder`,
      );
    }
  }
}

/** The output of the app, frozen for longer than another process would wait for it. */
async function outputOfFrozen() {
  const app = spawn(process.execPath, ['bundled.js', 'sqlite', '', 'freeze'], { cwd: project });
  let output = '';
  for (const stream of [app.stdout, app.stderr]) stream.on('data', (chunk) => (output += chunk));
  while (!output.includes('frozen\n')) await once(app.stdout, 'data');
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  app.kill('SIGCONT');
  await once(app, 'close');
  return output.replace('frozen\n', '');
}

/** As in a container with a volume: only the folder of the outbox may be written, by another user. */
function runReadOnly() {
  const volume = join(project, '.partnero');
  rmSync(volume, { recursive: true, force: true });
  mkdirSync(volume);
  chownSync(volume, 1000, 1000);
  chmodSync(work, 0o755);
  const script = [
    'mount --bind "$1" "$1"',
    'mount -o remount,bind,ro /',
    `exec ${AS_USER.join(' ')} "$2" bundled.js sqlite`,
  ].join(' && ');
  const args = ['--mount', 'sh', '-c', script, 'sh', volume, process.execPath];
  return spawnSync('unshare', args, { cwd: project, encoding: 'utf8' });
}

try {
  install();
  await runBundles();

  npm('prune', '--omit=dev');
  const output = node(project, 'bundled.js', 'sqlite');
  assert.match(output, /^\{"attributed":1\}$/m);
  console.log('without devDependencies: runs');

  const plain = (text) => text.replaceAll(/\d/g, '');
  assert.equal(plain(await outputOfFrozen()), plain(output));
  console.log('frozen for 12 s: logs nothing');

  const asUser = ['--mount', ...AS_USER, process.execPath, '--version'];
  const mayMount = process.getuid?.() === 0 && spawnSync('unshare', asUser).status === 0;
  if (mayMount) {
    const { status, stdout, stderr } = runReadOnly();
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^\{"attributed":1\}$/m);
    console.log('another user, read-only file system: runs');
  } else {
    console.log('NOT TESTED HERE: a read-only file system, since nothing can be mounted');
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
