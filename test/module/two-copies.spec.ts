import { spawnSync } from 'node:child_process';

/** Loads `@nestjs/core` once for the app, and once more for this package. */
const script = `
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve(name, context, next) {
      const found = next(name, context);
      const { parentURL = '' } = context;
      const isOurs = name === '@nestjs/core' && parentURL.includes('/dist/esm/');
      const isInCopy = name.startsWith('.') && parentURL.endsWith('?copy');
      return isOurs || isInCopy ? { ...found, url: found.url + '?copy' } : found;
    },
  });
  await import('reflect-metadata');
  const { Controller, Module, Post } = await import('@nestjs/common');
  const { NestFactory } = await import('@nestjs/core');
  const { AttributeReferral, PartneroModule, PartneroWebhook } = await import('nestjs-partnero');
  class AuthController {
    signup() {}
    webhook() {}
  }
  Controller()(AuthController);
  for (const [name, decorate] of [['signup', AttributeReferral()], ['webhook', PartneroWebhook()]]) {
    const method = Object.getOwnPropertyDescriptor(AuthController.prototype, name);
    for (const each of [Post(name), decorate]) each(AuthController.prototype, name, method);
  }
  class AppModule {}
  const imports = [PartneroModule.forRoot({ enabled: false })];
  Module({ imports, controllers: [AuthController] })(AppModule);
  await NestFactory.create(AppModule, { abortOnError: false, logger: false })
    .then((app) => app.init())
    .catch((error) => console.log(error.name + ': ' + error.message));
  process.exit(0);
`;

it('two copies of @nestjs/core fail the boot with an error that says so', () => {
  const args = ['--input-type=module', '-e', script];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^PartneroConfigurationError: .*two different copies of @nestjs\/core/);
  expect(stdout).toContain('npm ls @nestjs/core');
});
