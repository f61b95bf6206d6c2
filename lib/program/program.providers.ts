import { Logger, type Provider } from '@nestjs/common';
import { HttpService } from '@nestjs/axios';
import type { ApiCaller } from '../api/api.caller.js';
import { PartneroApiClient } from '../api/partnero-api.client.js';
import { customersOf, transactionsOf } from '../api/program-resources.js';
import { RetryingCaller } from '../api/retrying.caller.js';
import { captureAppContext, type RunInAppContext } from '../common/app-context.js';
import { AttributionHandler } from '../attribution/attribution.handler.js';
import { AttributionService } from '../attribution/attribution.service.js';
import { ErasureHandler } from '../erasure/erasure.handler.js';
import { ErasureService } from '../erasure/erasure.service.js';
import { warningOnce } from '../common/throttled-logger.js';
import { JobHandlers } from '../outbox/job-handlers.js';
import type { OutboxLog } from '../outbox/outbox-engine.js';
import { OutboxInspector } from './outbox.inspector.js';
import { OutcomeReporter } from './outcome.reporter.js';
import { PartneroLifecycle } from './partnero.lifecycle.js';
import { MODULE_OPTIONS_TOKEN } from '../partnero.module-definition.js';
import {
  resolveOptions,
  type PartneroModuleOptions,
  type ResolvedOptions,
} from '../partnero.options.js';
import { PartneroService } from '../partnero.service.js';
import { getPartneroToken } from '../partnero.tokens.js';
import { PrintableLog } from '../common/printable-log.js';
import { ProgramDelivery } from './program.delivery.js';
import { ProgramIdentity } from './program.identity.js';
import { ProgramOutbox } from './program.outbox.js';
import { DEFAULT_PROGRAM, getPartneroTokens } from './program.tokens.js';
import { ReferralCapture } from '../referral/capture/referral-capture.js';
import { SubmissionService } from './submission.service.js';
import { RefundHandler } from '../transactions/refund.handler.js';
import { SaleHandler } from '../transactions/sale.handler.js';
import { SalesService } from '../transactions/sales.service.js';
import { getWebhooksToken, webhooksSettingsToken } from '../webhooks/webhooks.providers.js';
import type { WebhooksService } from '../webhooks/webhooks.service.js';
import type { WebhooksSettings } from '../webhooks/webhooks.options.js';

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
    {
      provide: t.client,
      useFactory: (http: HttpService, options: ResolvedOptions) =>
        new PartneroApiClient(http, options),
      inject: [HttpService, t.options],
    },
    {
      provide: t.calls,
      useFactory: (client: PartneroApiClient, { retries }: ResolvedOptions) =>
        new RetryingCaller(client, retries),
      inject: [t.client, t.options],
    },
    {
      provide: t.outbox,
      useFactory: (options: ResolvedOptions, log: OutboxLog) => ProgramOutbox.create(options, log),
      inject: [t.options, t.log],
    },
    { provide: t.handlers, useFactory: jobHandlers, inject: [t.options, t.client] },
    {
      provide: t.reporter,
      useFactory: (
        { onOutcome }: ResolvedOptions,
        handlers: JobHandlers,
        log: OutboxLog,
        inAppContext: RunInAppContext,
      ) => new OutcomeReporter(name, handlers, log, onOutcome, inAppContext),
      inject: [t.options, t.handlers, t.log, t.inAppContext],
    },
    {
      provide: t.delivery,
      useFactory: programDelivery,
      inject: [t.options, t.outbox, t.client, t.handlers, t.reporter, t.inAppContext, t.log],
    },
    {
      provide: t.attribution,
      useFactory: (
        options: ResolvedOptions,
        { queue }: ProgramOutbox,
        reporter: OutcomeReporter,
        log: OutboxLog,
      ) => {
        const settings = { ...options, program: name, programType: options.program };
        return new AttributionService(settings, queue, reporter, log);
      },
      inject: [t.options, t.outbox, t.reporter, t.log],
    },
    { provide: t.submissions, useFactory: submissions, inject: [t.options, t.outbox] },
    {
      provide: t.sales,
      useFactory: (
        { program }: ResolvedOptions,
        submitter: SubmissionService,
        reporter: OutcomeReporter,
        log: OutboxLog,
      ) => new SalesService(program, submitter, reporter, log),
      inject: [t.options, t.submissions, t.reporter, t.log],
    },
    {
      provide: t.erasures,
      useFactory: (submitter: SubmissionService, reporter: OutcomeReporter) =>
        new ErasureService(submitter, reporter),
      inject: [t.submissions, t.reporter],
    },
    {
      provide: t.capture,
      useFactory: ({ referral }: ResolvedOptions, log: OutboxLog) =>
        new ReferralCapture(referral, warningOnce(log)),
      inject: [t.options, t.log],
    },
    {
      provide: t.inspector,
      useFactory: (
        { mode, engine }: ProgramOutbox,
        delivery: ProgramDelivery | null,
        { notAccepted }: OutcomeReporter,
      ) => {
        const noKey = mode === 'queues' ? ({ reason: 'no_key', until: null } as const) : null;
        return new OutboxInspector(
          name,
          engine,
          () => noKey ?? delivery?.pause ?? null,
          notAccepted,
        );
      },
      inject: [t.outbox, t.delivery, t.reporter],
    },
    {
      provide: t.lifecycle,
      useFactory: (
        options: ResolvedOptions,
        outbox: ProgramOutbox,
        delivery: ProgramDelivery | null,
        capture: ReferralCapture,
        client: PartneroApiClient,
        log: OutboxLog,
      ) => new PartneroLifecycle(options, outbox, delivery, capture, client, log),
      inject: [t.options, t.outbox, t.delivery, t.capture, t.client, t.log],
    },
    {
      provide: webhooksSettingsToken(name),
      useFactory: webhooksSettings,
      inject: [t.options, t.calls, t.inAppContext, t.log, t.reporter],
    },
    {
      provide: getPartneroToken(name),
      useFactory: (
        options: ResolvedOptions,
        calls: ApiCaller,
        attribution: AttributionService,
        inspector: OutboxInspector,
        sales: SalesService,
        erasures: ErasureService,
        webhooks: WebhooksService,
      ) =>
        new PartneroService({ options, calls, attribution, inspector, sales, erasures, webhooks }),
      inject: [
        t.options,
        t.calls,
        t.attribution,
        t.inspector,
        t.sales,
        t.erasures,
        getWebhooksToken(name),
      ],
    },
  ];
}

function jobHandlers(options: ResolvedOptions, client: PartneroApiClient): JobHandlers {
  const { program, apiVariants, delivery } = options;
  const customers = customersOf(program, client);
  const transactions = transactionsOf(program, client, apiVariants);
  const handlers = new JobHandlers();
  handlers.register(new AttributionHandler(customers, client, program));
  handlers.register(new SaleHandler(transactions, customers, program, delivery.ambiguousGraceMs));
  handlers.register(new RefundHandler(transactions));
  handlers.register(new ErasureHandler(customers, program));
  return handlers;
}

/** `null` if nothing is delivered. */
function programDelivery(
  options: ResolvedOptions,
  { mode, engine }: ProgramOutbox,
  client: PartneroApiClient,
  handlers: JobHandlers,
  reporter: OutcomeReporter,
  inAppContext: RunInAppContext,
  log: OutboxLog,
): ProgramDelivery | null {
  if (!engine || mode !== 'delivers') return null;
  const { name, program: type, delivery, verifyOnBoot, timeoutMs, outbox } = options;
  return new ProgramDelivery(
    { options: delivery, verifyOnBoot, timeoutMs, isInline: !outbox.durable },
    engine,
    handlers,
    new ProgramIdentity({ name, type }, client, engine, log),
    (job, end) => reporter.reportEnd(job, end),
    inAppContext,
    log,
  );
}

function submissions({ outbox, enabled }: ResolvedOptions, { queue }: ProgramOutbox) {
  if (!outbox.durable) {
    return new SubmissionService(null, 'inlineOutbox() saves nothing; use another outbox');
  }
  const because =
    enabled === false
      ? 'this program is disabled by the option enabled'
      : 'this program has no API key, or is of a type without customers';
  return new SubmissionService(queue, because);
}

function webhooksSettings(
  options: ResolvedOptions,
  calls: ApiCaller,
  inAppContext: RunInAppContext,
  log: OutboxLog,
  reporter: OutcomeReporter,
): WebhooksSettings {
  const {
    name: program,
    enabled,
    webhooks,
    outbox,
    delivery,
    historyDays,
    acceptTimeoutMs,
  } = options;
  return {
    program,
    active: enabled !== false,
    options: webhooks,
    outbox,
    delivery,
    historyDays,
    acceptTimeoutMs,
    calls,
    log,
    inAppContext,
    report: (outcome) => reporter.report(outcome),
  };
}
