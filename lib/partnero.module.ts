import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { HttpModule, HttpService } from '@nestjs/axios';
import { DiscoveryModule } from '@nestjs/core';
import { AttributedRoutesCheck } from './attribution/attributed-routes.check.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  OPTIONS_TYPE,
  type PartneroModuleExtras,
} from './partnero.module-definition.js';
import { resolveOptions, type PartneroModuleOptions } from './partnero.options.js';
import { PartneroConfigurationError } from './partnero.configuration-error.js';
import { PartneroRuntime } from './partnero.runtime.js';
import { PartneroService } from './partnero.service.js';
import { getPartneroToken } from './partnero.tokens.js';
import { ProgramNamesCheck } from './program-names.check.js';
import {
  attributionToken,
  captureToken,
  DEFAULT_PROGRAM,
  PARTNERO_MODULE_PRESENT,
  runtimeToken,
} from './program.tokens.js';
import {
  getWebhooksToken,
  webhooksProviders,
  webhooksSettingsToken,
} from './webhooks/webhooks.providers.js';
import type { WebhooksService } from './webhooks/webhooks.service.js';

/**
 * Partnero for a Nest app. Import it once in the app module, or once per program under different
 * names; it is global unless you say otherwise.
 *
 * @example
 * \@Module({ imports: [PartneroModule.forRoot()] })
 * export class AppModule {}
 */
@Module({})
export class PartneroModule extends ConfigurableModuleClass {
  /** Options given here; what is missing has defaults. */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return withProviders(super.forRoot(options), options);
  }

  /**
   * Options made later, with `useFactory`, `useClass` or `useExisting`; `name` and `isGlobal` stand
   * beside them.
   *
   * @example
   * PartneroModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ apiKey: config.get('PARTNERO_API_KEY') }),
   * })
   */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return withProviders(super.forRootAsync(options), options);
  }
}

function withProviders(definition: DynamicModule, extras: PartneroModuleExtras): DynamicModule {
  const { name = DEFAULT_PROGRAM, isGlobal = true } = extras;
  if (typeof name !== 'string' || name.trim() === '') {
    throw new PartneroConfigurationError('name must be a string that is not empty.');
  }
  const service = getPartneroToken(name);
  const runtime = runtimeToken(name);
  const providers: Provider[] = [
    {
      provide: runtime,
      useFactory: (options: PartneroModuleOptions, http: HttpService) =>
        PartneroRuntime.create(resolveOptions(options, name, process.env), http),
      inject: [MODULE_OPTIONS_TOKEN, HttpService],
    },
    {
      provide: webhooksSettingsToken(name),
      useFactory: (made: PartneroRuntime) => made.webhooksSettings(),
      inject: [runtime],
    },
    ...webhooksProviders(name),
    {
      provide: service,
      useFactory: (made: PartneroRuntime, webhooks: WebhooksService) =>
        new PartneroService(made, webhooks),
      inject: [runtime, getWebhooksToken(name)],
    },
    {
      provide: attributionToken(name),
      useFactory: (made: PartneroRuntime) => made.attribution,
      inject: [runtime],
    },
    {
      provide: captureToken(name),
      useFactory: (made: PartneroRuntime) => made.capture,
      inject: [runtime],
    },
    { provide: PARTNERO_MODULE_PRESENT, useValue: true },
    AttributedRoutesCheck,
    ProgramNamesCheck,
  ];
  return {
    ...definition,
    global: isGlobal,
    // Registered, and so our own: interceptors of the app's HttpModule must not see the API key.
    imports: [...(definition.imports ?? []), HttpModule.register({}), DiscoveryModule],
    providers: [...(definition.providers ?? []), ...providers],
    exports: [service],
  };
}
