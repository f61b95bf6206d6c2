import type { Provider } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModulesContainer } from '@nestjs/core';
import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';

const TWO_COPIES =
  'The app and nestjs-partnero load two different copies of @nestjs/core, so they share no providers. ' +
  'Run: npm ls @nestjs/core. Then make both use one version, such as with npm dedupe; a linked package ' +
  'needs a link to the copy of the app, too.';

/**
 * What Nest's `DiscoveryModule` has. That module would fail first if there are two copies of
 * `@nestjs/core`, with an error that doesn't name the cause.
 */
export const discoveryProviders: Provider[] = [
  MetadataScanner,
  {
    provide: DiscoveryService,
    useFactory: (modules: ModulesContainer | undefined) => {
      if (!modules) throw new PartneroConfigurationError(TWO_COPIES);
      return new DiscoveryService(modules);
    },
    inject: [{ token: ModulesContainer, optional: true }],
  },
];
