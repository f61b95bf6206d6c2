import { Logger, type Provider } from '@nestjs/common';
import { CustomersResource } from '../api/customers/customers.resource.js';
import { ReferAFriendCustomersResource } from '../api/customers/refer-a-friend-customers.resource.js';
import { createHttpClient } from '../api/http-client.js';
import { PartneroApiClient } from '../api/partnero-api.client.js';
import { RetryingCaller } from '../api/retrying.caller.js';
import {
  ReferAFriendTransactionsResource,
  TransactionsResource,
} from '../api/transactions/transactions.resource.js';
import { AttributionHandler } from '../attribution/attribution.handler.js';
import { AttributionService } from '../attribution/attribution.service.js';
import { captureAppContext, type RunInAppContext } from '../common/app-context.js';
import { PrintableLog } from '../common/printable-log.js';
import { provideClass } from '../common/provide-class.js';
import { warningOnce } from '../common/throttled-logger.js';
import { ErasureHandler } from '../erasure/erasure.handler.js';
import { ErasureService } from '../erasure/erasure.service.js';
import { JobHandlers } from '../outbox/job-handlers.js';
import type { OutboxLog } from '../outbox/outbox-engine.js';
import { MODULE_OPTIONS_TOKEN } from '../partnero.module-definition.js';
import {
  resolveOptions,
  type PartneroModuleOptions,
  type ResolvedOptions,
} from '../partnero.options.js';
import { PartneroService } from '../partnero.service.js';
import { getPartneroToken } from '../partnero.tokens.js';
import { ReferralCapture } from '../referral/capture/referral-capture.js';
import { RefundHandler } from '../transactions/refund.handler.js';
import { SaleHandler } from '../transactions/sale.handler.js';
import { SalesService } from '../transactions/sales.service.js';
import { getWebhooksToken } from '../webhooks/webhooks.providers.js';
import { OutboxInspector } from './outbox.inspector.js';
import { OutcomeReporter } from './outcome.reporter.js';
import { PartneroLifecycle } from './partnero.lifecycle.js';
import { ProgramDelivery } from './program.delivery.js';
import { ProgramOutbox } from './program.outbox.js';
import { DEFAULT_PROGRAM, getPartneroTokens } from './program.tokens.js';
import { SubmissionService } from './submission.service.js';

/** Everything behind one program of the app, from its options to its `PartneroService`. */
export function programProviders(name: string): Provider[] {
  const t = getPartneroTokens(name);
  return [
    {
      provide: t.options,
      useFactory: (given: PartneroModuleOptions) => resolveOptions(given, name, process.env),
      inject: [MODULE_OPTIONS_TOKEN],
    },
    {
      provide: t.log,
      useFactory: () =>
        new PrintableLog(new Logger(name === DEFAULT_PROGRAM ? 'Partnero' : `Partnero:${name}`)),
    },
    { provide: t.inAppContext, useFactory: captureAppContext },
    { provide: t.http, useFactory: createHttpClient },
    provideClass(t.client, PartneroApiClient, [t.http, t.options]),
    provideClass(t.calls, RetryingCaller, [t.client, t.options]),
    {
      provide: t.outbox,
      useFactory: (options: ResolvedOptions, inAppContext: RunInAppContext, log: OutboxLog) =>
        ProgramOutbox.create(options, inAppContext, log),
      inject: [t.options, t.inAppContext, t.log],
    },
    { provide: t.handlers, useFactory: jobHandlers, inject: [t.options, t.client] },
    provideClass(t.reporter, OutcomeReporter, [t.options, t.handlers, t.log, t.inAppContext]),
    {
      provide: t.delivery,
      useFactory: (...parts: ConstructorParameters<typeof ProgramDelivery>) =>
        parts[1].mode === 'delivers' ? new ProgramDelivery(...parts) : null,
      inject: [t.options, t.outbox, t.client, t.handlers, t.reporter, t.log],
    },
    provideClass(t.attribution, AttributionService, [t.options, t.outbox, t.reporter, t.log]),
    provideClass(t.submissions, SubmissionService, [t.options, t.outbox, t.reporter]),
    provideClass(t.sales, SalesService, [t.options, t.submissions, t.log]),
    provideClass(t.erasures, ErasureService, [t.submissions]),
    {
      provide: t.capture,
      useFactory: ({ referral }: ResolvedOptions, log: OutboxLog) =>
        new ReferralCapture(referral, warningOnce(log)),
      inject: [t.options, t.log],
    },
    provideClass(t.inspector, OutboxInspector, [t.options, t.outbox, t.delivery, t.reporter]),
    provideClass(t.lifecycle, PartneroLifecycle, [
      t.options,
      t.outbox,
      t.delivery,
      t.capture,
      t.client,
      t.log,
    ]),
    provideClass(getPartneroToken(name), PartneroService, [
      t.options,
      t.calls,
      t.attribution,
      t.inspector,
      t.sales,
      t.erasures,
      getWebhooksToken(name),
    ]),
  ];
}

function jobHandlers(options: ResolvedOptions, client: PartneroApiClient): JobHandlers {
  const { program, apiVariants, delivery } = options;
  const [customers, transactions] =
    program === 'affiliate'
      ? [new CustomersResource(client), new TransactionsResource(client, apiVariants)]
      : [
          new ReferAFriendCustomersResource(client),
          new ReferAFriendTransactionsResource(client, apiVariants),
        ];
  const handlers = new JobHandlers();
  handlers.register(new AttributionHandler(customers, client, program));
  handlers.register(new SaleHandler(transactions, customers, program, delivery.ambiguousGraceMs));
  handlers.register(new RefundHandler(transactions));
  handlers.register(new ErasureHandler(customers, program));
  return handlers;
}
