import type { Provider } from '@nestjs/common';
import { DEFAULT_PROGRAM } from '../program/program.tokens.js';
import { Inbox } from './inbox.js';
import { WebhookDiscovery } from './webhook.discovery.js';
import { getWebhookVerifierToken, WebhookVerifier } from './webhook.verifier.js';
import { WebhooksService } from './webhooks.service.js';
import type { WebhooksSettings } from './webhooks.options.js';

/** The token of a program's {@link WebhooksService}, `partnero.webhooks`. For tests that override it. */
export function getWebhooksToken(name: string = DEFAULT_PROGRAM): string {
  return `nestjs-partnero:webhooks:${name}`;
}

/** The token of a program's {@link WebhooksSettings}. */
export function webhooksSettingsToken(name: string): string {
  return `nestjs-partnero:webhooks-settings:${name}`;
}

/** The providers of a program's webhooks. They need its {@link WebhooksSettings}. */
export function webhooksProviders(name: string): Provider[] {
  const settings = webhooksSettingsToken(name);
  const inbox = `nestjs-partnero:inbox:${name}`;
  return [
    WebhookDiscovery,
    {
      provide: getWebhookVerifierToken(name),
      useFactory: (given: WebhooksSettings, app: WebhookDiscovery) =>
        new WebhookVerifier(given, app),
      inject: [settings, WebhookDiscovery],
    },
    {
      provide: inbox,
      useFactory: (given: WebhooksSettings, app: WebhookDiscovery) => new Inbox(given, app),
      inject: [settings, WebhookDiscovery],
    },
    {
      provide: getWebhooksToken(name),
      useFactory: (given: WebhooksSettings, made: Inbox) => new WebhooksService(given, made),
      inject: [settings, inbox],
    },
  ];
}
