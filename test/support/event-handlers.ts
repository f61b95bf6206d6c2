import { Injectable } from '@nestjs/common';
import {
  OnPartneroEvent,
  PartneroModule,
  PartneroService,
  sqliteOutbox,
  type InboxInspector,
  type OutboxStats,
  type PartneroEventOf,
  type PartneroModuleOptions,
  type PartneroWebhookEvent,
} from 'nestjs-partnero';
import { startApp, type AppSetup, type RunningApp } from './app.js';
import { eventBody, SECRET } from './deliveries.js';
import { eventually } from './eventually.js';
import { temporaryFolder } from './temporary-folder.js';
import { WebhookController } from './webhook.controller.js';

/** The calls of the handlers, in order: `handler event`. */
export const calls: string[] = [];
/** Names of handlers that throw. */
export const failing = new Set<string>();
/** The outbox of the running test. */
export let path: string;

/** For `beforeEach`. */
export function forgetCalls(): void {
  calls.length = 0;
  failing.clear();
  path = `${temporaryFolder()}/outbox.db`;
}

export function called(handler: string, event: PartneroWebhookEvent): void {
  calls.push(`${handler} ${event.name}`);
  if (failing.has(handler)) throw new RangeError(`no such thing as ${JSON.stringify(event.data)}`);
}

export const callsOf = (handler: string) => calls.filter((call) => call.startsWith(`${handler} `));

@Injectable()
export class Commissions {
  @OnPartneroEvent('transaction.created')
  async add(event: PartneroEventOf<'transaction.created'>) {
    await Promise.resolve();
    called('add', event);
  }

  @OnPartneroEvent(['transaction.created', 'transaction.deleted'])
  count(event: PartneroEventOf<'transaction.created' | 'transaction.deleted'>) {
    called('count', event);
  }
}

/** An app whose route dispatches every event to its handlers. */
export function startHandling(
  options: PartneroModuleOptions = {},
  providers: unknown[] = [Commissions],
  setup: AppSetup = {},
): Promise<RunningApp> {
  return startApp({
    options: { rawBody: true },
    imports: [
      PartneroModule.forRoot({
        outbox: sqliteOutbox({ path }),
        ...options,
        webhooks: { secret: SECRET, ...options.webhooks },
        delivery: { initialBackoffMs: 10, maxBackoffMs: 50, ...options.delivery },
      }),
    ],
    controllers: [WebhookController],
    providers,
    ...setup,
  });
}

export const inboxOf = ({ app }: RunningApp): InboxInspector =>
  app.get(PartneroService).webhooks.inbox;

export const sale = (key = 'inv-1', more: object = {}) =>
  eventBody('transaction.created', { key, amount: 49, ...more });

export const refund = (key = 'inv-1') => eventBody('transaction.deleted', { key });

/** The counts, once nothing is pending and `n` events were handled. */
export function handled(running: RunningApp, n: number): Promise<OutboxStats> {
  return eventually(async () => {
    const stats = await inboxOf(running).stats();
    return stats.pending === 0 && stats.outcomes['handled'] === n && stats;
  });
}
