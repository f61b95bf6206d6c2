import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { PartneroConfigurationError } from './common/partnero.configuration-error.js';
import { isStoredName, STORED_NAME } from './common/stored-name.js';
import {
  ConfigurableModuleClass,
  type ASYNC_OPTIONS_TYPE,
  type OPTIONS_TYPE,
  type PartneroModuleExtras,
} from './partnero.module-definition.js';
import { getPartneroToken } from './partnero.tokens.js';
import { AppDecorators } from './program/app-decorators.js';
import { discoveryProviders } from './program/discovery.providers.js';
import { ProgramNamesCheck } from './program/program-names.check.js';
import { programProviders } from './program/program.providers.js';
import { DEFAULT_PROGRAM, PARTNERO_MODULE_PRESENT } from './program/program.tokens.js';
import { webhooksProviders } from './webhooks/webhooks.providers.js';

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
  if (!isStoredName(name)) throw new PartneroConfigurationError(`name must be ${STORED_NAME}.`);
  const providers: Provider[] = [
    ...programProviders(name),
    ...webhooksProviders(name),
    ...discoveryProviders,
    { provide: PARTNERO_MODULE_PRESENT, useValue: true },
    AppDecorators,
    ProgramNamesCheck,
  ];
  return {
    ...definition,
    global: isGlobal,
    providers: [...(definition.providers ?? []), ...providers],
    exports: [getPartneroToken(name)],
  };
}
