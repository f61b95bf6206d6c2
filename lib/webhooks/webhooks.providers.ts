import type { Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { provideClass } from '../common/provide-class.js';
import { AppDecorators } from '../program/app-decorators.js';
import { DEFAULT_PROGRAM, getPartneroTokens } from '../program/program.tokens.js';
import { Inbox } from './inbox.js';
import { WebhookDiscovery } from './webhook.discovery.js';
import { getWebhookVerifierToken, WebhookVerifier } from './webhook.verifier.js';
import { WebhooksService } from './webhooks.service.js';

/** The token of a program's {@link WebhooksService}, `partnero.webhooks`. For tests that override it. */
export function getWebhooksToken(name: string = DEFAULT_PROGRAM): string {
  return `nestjs-partnero:webhooks:${name}`;
}

/** The providers of a program's webhooks. */
export function webhooksProviders(name: string): Provider[] {
  const t = getPartneroTokens(name);
  const inbox = `nestjs-partnero:inbox:${name}`;
  return [
    {
      provide: WebhookDiscovery,
      useFactory: (...parts: ConstructorParameters<typeof WebhookDiscovery>) =>
        new WebhookDiscovery(...parts),
      // Optional, for the error of DiscoveryService to be the only one if @nestjs/core is there twice.
      inject: [AppDecorators, { token: ModuleRef, optional: true }],
    },
    provideClass(getWebhookVerifierToken(name), WebhookVerifier, [
      t.options,
      WebhookDiscovery,
      t.log,
    ]),
    provideClass(inbox, Inbox, [t.options, WebhookDiscovery, t.reporter, t.inAppContext, t.log]),
    provideClass(getWebhooksToken(name), WebhooksService, [t.options, t.calls, inbox]),
  ];
}
