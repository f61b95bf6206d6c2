import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { PartneroModuleOptions } from './partnero.options.js';
import { DEFAULT_PROGRAM } from './program/program.tokens.js';

/** What is said of the module itself, beside the options; given with them, also to `forRootAsync`. */
export interface PartneroModuleExtras {
  /** Tells several programs of one app apart. At most 255 characters. Default `'default'`. */
  name?: string | undefined;
  /** Whether `PartneroService` can be injected everywhere. Default `true`. */
  isGlobal?: boolean | undefined;
}

/** For `useClass` and `useExisting` of `forRootAsync`. */
export interface PartneroOptionsFactory {
  createPartneroOptions(): PartneroModuleOptions | Promise<PartneroModuleOptions>;
}

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<PartneroModuleOptions>({ moduleName: 'Partnero' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createPartneroOptions')
    .setExtras<PartneroModuleExtras>({ name: DEFAULT_PROGRAM, isGlobal: true })
    .build();
