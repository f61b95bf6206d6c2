import { spawnSync } from 'node:child_process';

/** Boots a program where some packages can't be found, and prints the error or what sends requests. */
function boot(missing: string[], outbox = 'undefined') {
  const script = `
    import { registerHooks } from 'node:module';
    const missing = ${JSON.stringify(missing)};
    registerHooks({
      resolve(name, context, next) {
        if (!missing.includes(name)) return next(name, context);
        throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
      },
    });
    await import('reflect-metadata');
    const { NestFactory } = await import('@nestjs/core');
    const { getPartneroTokens, inlineOutbox, PartneroModule } = await import('nestjs-partnero');
    const { bullmqOutbox } = await import('nestjs-partnero/bullmq');
    const { postgresOutbox } = await import('nestjs-partnero/postgres');
    const outbox = ${outbox} ?? inlineOutbox();
    const module = PartneroModule.forRoot({ apiKey: 'a-key', verifyOnBoot: false, outbox });
    try {
      const options = { abortOnError: false, logger: false };
      const app = await NestFactory.createApplicationContext(module, options);
      const http = app.get(getPartneroTokens().http);
      console.log(http.constructor.name, typeof http.axiosRef.request);
      await app.close();
    } catch (error) {
      console.log(error.name + ': ' + error.message);
    }
    process.exit(0);
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  return `${stdout}${stderr}`.trim();
}

it('requests are sent by axios alone where @nestjs/axios cannot be loaded', () => {
  expect(boot([])).toBe('HttpService function');
  expect(boot(['@nestjs/axios'])).toBe('Object function');
});

it.each([
  ['axios', undefined, 'Run: npm install axios'],
  ['pg', "postgresOutbox({ connectionString: 'postgres://127.0.0.1/x' })", 'Run: npm install pg'],
  ['bullmq', "bullmqOutbox({ connection: 'redis://127.0.0.1:1' })", 'Run: npm install bullmq'],
])('the boot without %s says what to install', (name, outbox, next) => {
  const message = boot(name === 'axios' ? ['@nestjs/axios', name] : [name], outbox);
  expect(message).toMatch(/^PartneroConfigurationError: /);
  expect(message).toContain(`The package ${name} can't be loaded (ERR_MODULE_NOT_FOUND).`);
  expect(message).toContain(next);
});
