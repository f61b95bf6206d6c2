import { isDeepStrictEqual } from 'node:util';
import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { HttpService } from '@nestjs/axios';
import type { ApiCaller } from './api/api.caller.js';
import { PartneroApiClient } from './api/partnero-api.client.js';
import { customersOf, transactionsOf } from './api/program-resources.js';
import { RetryingCaller } from './api/retrying.caller.js';
import { captureAppContext } from './app-context.js';
import { AttributionHandler } from './attribution/attribution.handler.js';
import { AttributionService } from './attribution/attribution.service.js';
import { bootLine, type BootedOutbox } from './boot-line.js';
import { errorMessage } from './error-message.js';
import { ErasureHandler } from './erasure/erasure.handler.js';
import { ErasureService } from './erasure/erasure.service.js';
import { Once } from './once.js';
import { JobHandlers } from './outbox/job-handlers.js';
import type { OutboxEngine } from './outbox/outbox-engine.js';
import { OutboxInspector } from './outbox.inspector.js';
import { OutcomeReporter } from './outcome.reporter.js';
import { PartneroConfigurationError } from './partnero.configuration-error.js';
import type { ResolvedOptions } from './partnero.options.js';
import { ProgramDelivery } from './program.delivery.js';
import { ProgramIdentity } from './program.identity.js';
import { findMode, type ProgramMode } from './program-mode.js';
import { DEFAULT_PROGRAM } from './program.tokens.js';
import { PrintableLog } from './printable-log.js';
import { ReferralCapture } from './referral/capture/referral-capture.js';
import { SubmissionService } from './submission.service.js';
import { RefundHandler } from './transactions/refund.handler.js';
import { SaleHandler } from './transactions/sale.handler.js';
import { SalesService } from './transactions/sales.service.js';
import type { WebhooksSettings } from './webhooks/webhooks.options.js';
import { within } from './within.js';

/** How long shutdown may take: to finish deliveries, to count what stays, to close the outbox. */
const DRAIN_MS = 5_000;
const STATS_MS = 500;
const CLOSE_MS = 3_000;
/** How long the boot line waits for the outbox. */
const BOOT_STATS_MS = 1_000;

/** Everything behind one program of the app. Starts and stops with the app. */
export class PartneroRuntime
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  /** For the app's own calls: repeats what is safe to repeat. */
  readonly calls: ApiCaller;
  readonly attribution: AttributionService;
  readonly sales: SalesService;
  readonly erasures: ErasureService;
  readonly capture: ReferralCapture;
  readonly inspector: OutboxInspector;
  /** Makes one attempt a call: deliveries have a backoff of their own. */
  private readonly client: PartneroApiClient;
  private readonly log: Logger;
  private readonly reporter: OutcomeReporter;
  private readonly handlers = new JobHandlers();
  private readonly inAppContext = captureAppContext();
  private readonly outbox: OutboxEngine | null;
  private readonly delivery: ProgramDelivery | null;
  private isUp = false;

  private constructor(
    readonly options: ResolvedOptions,
    private readonly mode: ProgramMode,
    http: HttpService,
  ) {
    const { name, program, onOutcome } = options;
    this.log = new Logger(name === DEFAULT_PROGRAM ? 'Partnero' : `Partnero:${name}`);
    this.client = new PartneroApiClient(http, options);
    this.calls = new RetryingCaller(this.client, options.retries);
    this.registerHandlers();
    this.reporter = new OutcomeReporter(
      name,
      this.handlers,
      this.log,
      onOutcome,
      this.inAppContext,
    );
    this.outbox = this.makeOutbox();
    this.delivery = this.makeDelivery();
    const queue = mode === 'delivers' || mode === 'queues' ? this.outbox : null;
    this.attribution = new AttributionService(
      { ...options, program: name, programType: program },
      queue,
      this.reporter,
      this.log,
    );
    const submissions = this.makeSubmissions(queue);
    this.sales = new SalesService(program, submissions, this.reporter, this.log);
    this.erasures = new ErasureService(submissions, this.reporter);
    this.capture = new ReferralCapture(options.referral, new Once(this.log));
    this.inspector = this.makeInspector();
  }

  static async create(options: ResolvedOptions, http: HttpService): Promise<PartneroRuntime> {
    return new PartneroRuntime(options, await findMode(options), http);
  }

  get name(): string {
    return this.options.name;
  }

  /** Whether both deliver the same jobs to the same program. */
  isSameProgramAs(other: PartneroRuntime): boolean {
    const [one, two] = [this, other].map(({ options, outbox, mode }) => [
      options.apiKey?.reveal(),
      options.baseUrl,
      options.program,
      outbox?.location,
      mode,
    ]);
    return isDeepStrictEqual(one, two);
  }

  webhooksSettings(): WebhooksSettings {
    const { name, enabled, webhooks, outbox, delivery, historyDays, acceptTimeoutMs } =
      this.options;
    return {
      program: name,
      active: enabled !== false,
      options: webhooks,
      outbox,
      delivery,
      historyDays,
      acceptTimeoutMs,
      calls: this.calls,
      log: new PrintableLog(this.log),
      inAppContext: this.inAppContext,
      report: (outcome) => this.reporter.report(outcome),
    };
  }

  async onModuleInit(): Promise<void> {
    await this.outbox?.open();
    this.isUp = true;
    this.delivery?.opened();
    if (this.options.verifyOnBoot === 'fail') await this.verifyOrFail();
  }

  async onApplicationBootstrap(): Promise<void> {
    const { isInUse: captures } = this.capture;
    bootLine(this.options, this.mode, captures, await this.bootedOutbox(), this.log);
    this.delivery?.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.quietly(async () => {
      await this.delivery?.drain(DRAIN_MS);
      const isQueueing = this.mode === 'delivers' || this.mode === 'queues';
      if (isQueueing && this.isUp) await within(STATS_MS, this.logPending());
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.isUp = false;
    await this.quietly(async () => {
      await within(CLOSE_MS, this.outbox?.close() ?? Promise.resolve());
      this.client.close();
    });
  }

  private registerHandlers(): void {
    const { program, apiVariants, delivery } = this.options;
    const customers = customersOf(program, this.client);
    const transactions = transactionsOf(program, this.client, apiVariants);
    const { ambiguousGraceMs } = delivery;
    this.handlers.register(new AttributionHandler(customers, this.client, program));
    this.handlers.register(new SaleHandler(transactions, customers, program, ambiguousGraceMs));
    this.handlers.register(new RefundHandler(transactions));
    this.handlers.register(new ErasureHandler(customers, program));
  }

  private makeOutbox(): OutboxEngine | null {
    if (this.mode === 'disabled') return null;
    const { name, historyDays, acceptTimeoutMs, outbox } = this.options;
    return outbox.create({ program: name, historyDays, acceptTimeoutMs, log: this.log });
  }

  private makeDelivery(): ProgramDelivery | null {
    const { outbox, mode, options } = this;
    if (!outbox || mode !== 'delivers') return null;
    const { name, program, delivery, verifyOnBoot, timeoutMs } = options;
    const identity = new ProgramIdentity({ name, type: program }, this.client, outbox, this.log);
    return new ProgramDelivery(
      { options: delivery, verifyOnBoot, timeoutMs, isInline: !options.outbox.durable },
      outbox,
      this.handlers,
      identity,
      (job, end) => this.reporter.reportEnd(job, end),
      this.inAppContext,
      this.log,
    );
  }

  private makeInspector(): OutboxInspector {
    const { delivery, mode, reporter } = this;
    const noKey = mode === 'queues' ? ({ reason: 'no_key', until: null } as const) : null;
    const pause = () => noKey ?? delivery?.pause ?? null;
    return new OutboxInspector(this.name, this.outbox, pause, reporter.notAccepted);
  }

  private makeSubmissions(queue: OutboxEngine | null): SubmissionService {
    if (!this.options.outbox.durable) {
      return new SubmissionService(null, 'inlineOutbox() saves nothing; use another outbox');
    }
    const because =
      this.options.enabled === false
        ? 'this program is disabled by the option enabled'
        : 'this program has no API key, or is of a type without customers';
    return new SubmissionService(queue, because);
  }

  private async verifyOrFail(): Promise<void> {
    const answer = await this.delivery?.verify();
    if (answer?.type !== 'rejected') return;
    throw new PartneroConfigurationError(
      `Partnero rejects the API key (${answer.error.status}): check PARTNERO_API_KEY, or the apiKey ` +
        "option. The app doesn't start because verifyOnBoot is 'fail'.",
    );
  }

  private async bootedOutbox(): Promise<BootedOutbox | null> {
    const { outbox } = this;
    if (!outbox) return null;
    const { location } = outbox;
    try {
      const stats = await within(BOOT_STATS_MS, outbox.stats());
      return { location, problem: stats ? stats.storage.problem : 'it does not respond.' };
    } catch (error) {
      return { location, problem: errorMessage(error) };
    }
  }

  private async logPending(): Promise<void> {
    const { pending, location } = await this.inspector.stats();
    if (pending > 0) this.log.log(`${pending} pending deliveries stay in ${location}.`);
  }

  /** Another module's shutdown must not fail because of ours. */
  private async quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.log.error(`Shutting down: ${errorMessage(error)}`);
    }
  }
}
