import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

let folder: string;

beforeEach(() => {
  // Within the repository, since everything but this package stays out of the bundle.
  mkdirSync(resolve('dist/bundles'), { recursive: true });
  folder = mkdtempSync(resolve('dist/bundles/app-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

const EXTENSIONS = { esm: '.mjs', cjs: '.cjs' } as const;

/** Bundles an app, and perhaps the worker as a second entry; runs it from its output folder. */
async function run(format: 'esm' | 'cjs', outbox: string, { withWorker = false } = {}) {
  const source = `
    import { inlineOutbox, sqliteOutbox } from 'nestjs-partnero';
    const log = { log() {}, warn: console.log, error: console.log };
    async function main() {
      const engine = (${outbox}).create({
        program: 'default', historyDays: 90, acceptTimeoutMs: 1000, log,
      });
      await engine.open();
      engine.start({
        concurrency: 1, maxAgeMs: 1e9, initialBackoffMs: 10, maxBackoffMs: 10,
        requestsPerMinute: undefined, checkKey: async () => 'accepted', onEnd() {},
        deliver: async () => ({ type: 'completed', outcome: 'attributed' }),
      });
      const job = { name: 'attribution', orderingKey: 'a', referralKey: 'ann', payload: '{}' };
      engine.release(await engine.enqueue({ ...job, queuedAt: Date.now() }));
      for (let i = 0; i < 100 && (await engine.stats()).pending > 0; i += 1) {
        await new Promise((done) => setTimeout(done, 20));
      }
      console.log('outcomes', JSON.stringify((await engine.stats()).outcomes));
      await engine.close();
    }
    main().catch((error) => console.log(error.name + ': ' + error.message));`;
  const entry = join(folder, 'app.ts');
  writeFileSync(entry, source);
  const worker = resolve('dist/esm/outbox/sqlite/sqlite.worker.js');
  const extension = EXTENSIONS[format];
  await build({
    entryPoints: { app: entry, ...(withWorker ? { worker } : {}) },
    outdir: folder,
    outExtension: { '.js': extension },
    bundle: true,
    platform: 'node',
    format,
    external: [
      '@nestjs/*',
      'rxjs',
      'axios',
      'class-validator',
      'class-transformer',
      'bullmq',
      'pg',
    ],
    alias: { 'nestjs-partnero': resolve('dist/esm/index.js') },
    logLevel: 'silent',
  });
  const { stdout, stderr } = spawnSync(process.execPath, [`app${extension}`], {
    cwd: folder,
    encoding: 'utf8',
  });
  return `${stdout}${stderr}`;
}

describe.each(['esm', 'cjs'] as const)('an app that esbuild bundles as %s', (format) => {
  it('delivers with inlineOutbox()', async () => {
    expect(await run(format, 'inlineOutbox()')).toContain('outcomes {"attributed":1}');
  });

  it('is told what to do with sqliteOutbox()', async () => {
    const output = await run(format, 'sqliteOutbox()');
    expect(output).toMatch(/PartneroConfigurationError: .*was probably bundled.*workerPath/s);
    expect(output).toContain('nestjs-partnero/sqlite-worker');
  });

  it('delivers with sqliteOutbox() and the worker as a second entry', async () => {
    const outbox = `sqliteOutbox({ workerPath: './worker${EXTENSIONS[format]}' })`;
    expect(await run(format, outbox, { withWorker: true })).toContain('outcomes {"attributed":1}');
  });
});
