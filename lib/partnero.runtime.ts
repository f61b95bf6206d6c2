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
import { AttributionJob } from './attribution/attribution.job.js';
import { AttributionService } from './attribution/attribution.service.js';
import { ErasureJob } from './erasure/erasure.job.js';
import { ErasureService } from './erasure/erasure.service.js';
import { OutcomeReporter } from './outcome.reporter.js';
import { bootLine } from './boot-line.js';
import { Once } from './once.js';
import { KindRegistry } from './outbox/kind-registry.js';
import type { Outbox, OutboxContext } from './outbox/outbox.js';
import { Persistence } from './outbox/persistence.js';
import { Relay } from './outbox/relay.js';
import { OutboxInspector } from './outbox.inspector.js';
import { PartneroConfigurationError } from './partnero.configuration-error.js';
import { within } from './within.js';
import type { ResolvedOptions } from './partnero.options.js';
import { DEFAULT_PROGRAM } from './program.tokens.js';
import { ProgramIdentity } from './program.identity.js';
import { ReferralCapture } from './referral/capture/referral-capture.js';
import { SubmissionService } from './submission.service.js';
import { RefundJob } from './transactions/refund.job.js';
import { SaleJob } from './transactions/sale.job.js';
import { SalesService } from './transactions/sales.service.js';
import type { WebhooksContext } from './webhooks/webhooks.runtime.js';

/** What draining may take at shutdown; then what is said of the rest; then the closing of the file. */
const DRAIN_MS = 5_000;
const SAY_MS = 500;
const CLOSE_MS = 3_000;

/** `delivers`: all of it. `keeps`: no key, but sign-ups are kept. `counts`: only looked at. */
type Mode = 'delivers' | 'keeps' | 'counts' | 'disabled';

/** Everything behind one program of the app, put together; starts and stops with the app. */
export class PartneroRuntime
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  /** For calls of the app's own: repeats what is safe to repeat. */
  readonly calls: ApiCaller;
  readonly attribution: AttributionService;
  readonly sales: SalesService;
  readonly erasures: ErasureService;
  readonly capture: ReferralCapture;
  readonly inspector: OutboxInspector;
  /** One attempt each: delivery has its own way to try again. */
  private readonly client: PartneroApiClient;
  private readonly log: Logger;
  private readonly reporter: OutcomeReporter;
  private readonly kinds = new KindRegistry();
  private readonly outbox: Outbox | null;
  private readonly relay: Relay | null;
  private readonly identity: ProgramIdentity | null;
  private readonly starting: Persistence;
  private isUp = false;

  private constructor(
    readonly options: ResolvedOptions,
    private readonly mode: Mode,
    http: HttpService,
  ) {
    const { name, program } = options;
    this.log = new Logger(name === DEFAULT_PROGRAM ? 'Partnero' : `Partnero:${name}`);
    this.starting = new Persistence(this.log);
    this.client = new PartneroApiClient(http, options);
    this.calls = new RetryingCaller(this.client, options.retries);
    const customers = customersOf(program, this.client);
    this.registerKinds(customers);
    this.reporter = new OutcomeReporter(name, this.kinds, this.log, options.onOutcome);
    this.outbox = mode === 'disabled' ? null : options.outbox.create(this.outboxContext());
    this.identity =
      this.outbox && new ProgramIdentity({ ...options }, this.client, this.outbox, this.log);
    this.relay = this.makeRelay();
    const accepting = mode === 'delivers' || mode === 'keeps' ? this.outbox : null;
    this.attribution = new AttributionService(
      { ...options, program: name, programType: program },
      accepting,
      this.reporter,
      this.log,
    );
    const submissions = this.makeSubmissions(accepting);
    this.sales = new SalesService(program, submissions, this.reporter, this.log);
    this.erasures = new ErasureService(submissions, this.reporter);
    this.capture = new ReferralCapture(options.referral, new Once(this.log));
    const { notAccepted } = this.reporter;
    this.inspector = new OutboxInspector(name, this.outbox, this.relay, notAccepted);
  }

  /** Finds out first whether there is a key, and whether the outbox knows this program. */
  static async create(options: ResolvedOptions, http: HttpService): Promise<PartneroRuntime> {
    const off = options.enabled === false || options.apiProgram === 'newsletter';
    if (options.apiKey && !off) return new PartneroRuntime(options, 'delivers', http);
    // A lost environment variable must not lose commissions.
    const known = await options.outbox.knows(options.name).catch(() => true);
    if (!known) return new PartneroRuntime(options, 'disabled', http);
    return new PartneroRuntime(options, off ? 'counts' : 'keeps', http);
  }

  get name(): string {
    return this.options.name;
  }

  /** Whether both would tell the same program of the same jobs. */
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

  /** What the program's webhooks stand on. */
  forWebhooks(): WebhooksContext {
    const { name, enabled, apiKey, webhooks, outbox, delivery, ledgerDays } = this.options;
    return {
      program: name,
      active: enabled !== false,
      hasApiKey: apiKey !== undefined,
      options: webhooks,
      outbox,
      delivery,
      ledgerDays,
      calls: this.calls,
      client: this.client,
      log: this.log,
      report: (outcome) => this.reporter.tell(outcome),
    };
  }

  async onModuleInit(): Promise<void> {
    await this.outbox?.open();
    this.isUp = true;
    if (this.mode === 'delivers' && this.options.verifyOnBoot === 'fail') await this.verifyOrFail();
  }

  onApplicationBootstrap(): void {
    const { isInUse: captures } = this.capture;
    bootLine(this.options, this.mode, captures, this.outbox?.location, this.log);
    this.startRelay().catch((error: unknown) => {
      this.starting.complain('Delivery could not be started', error);
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.quietly(async () => {
      this.identity?.stop();
      this.starting.stop();
      await this.relay?.drain(DRAIN_MS);
      if (this.relay && this.isUp) await within(SAY_MS, this.sayWhatStays());
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.isUp = false;
    await this.quietly(async () => {
      await within(CLOSE_MS, this.outbox?.close() ?? Promise.resolve());
      this.client.close();
    });
  }

  private registerKinds(customers: ReturnType<typeof customersOf>): void {
    const { program, readings, delivery } = this.options;
    const transactions = transactionsOf(program, this.client, readings);
    const { ambiguousGraceMs } = delivery;
    this.kinds.register(new AttributionJob(customers, this.client, program));
    this.kinds.register(new SaleJob(transactions, customers, program, ambiguousGraceMs));
    this.kinds.register(new RefundJob(transactions));
    this.kinds.register(new ErasureJob(customers));
  }

  private makeSubmissions(accepting: Outbox | null): SubmissionService {
    if (!this.options.outbox.durable) {
      return new SubmissionService(null, 'inlineOutbox() keeps nothing; use another outbox');
    }
    const because =
      this.options.enabled === false
        ? 'this program is disabled by the option enabled'
        : 'this program has no API key, or is of a type without customers';
    return new SubmissionService(accepting, because);
  }

  private makeRelay(): Relay | null {
    const { outbox, identity } = this;
    if (!outbox || !identity || this.mode === 'counts') return null;
    const hooks = {
      probeKey: () => identity.probe(),
      onSettled: this.onSettled.bind(this),
    };
    return new Relay(outbox, this.kinds, this.options.delivery, hooks, this.log);
  }

  private onSettled(...[job, verdict]: Parameters<OutcomeReporter['reportSettled']>): void {
    if (verdict.requests !== 0 && verdict.outcome !== 'dead') this.identity?.keyWorked();
    this.reporter.reportSettled(job, verdict);
  }

  private outboxContext(): OutboxContext {
    const { name, ledgerDays, acceptTimeoutMs, delivery } = this.options;
    return {
      program: name,
      requestsPerMinute: delivery.requestsPerMinute,
      maxBackoffMs: Math.max(delivery.maxBackoffMs, delivery.ambiguousGraceMs),
      ledgerDays,
      acceptTimeoutMs,
      log: this.log,
      keyHash: () => this.identity?.keyHash ?? null,
      deliver: async (job, signal) => {
        const verdict = await this.kinds.deliver(job, signal, {
          note: () => Promise.resolve(true),
        });
        if (verdict.type === 'settled') this.reporter.reportSettled(job, verdict);
        return verdict;
      },
    };
  }

  private async startRelay(): Promise<void> {
    const { relay, identity } = this;
    if (!relay || !identity) return;
    // Without a key this process delivers nothing, ever: what it accepts is for others to take.
    if (!this.options.apiKey) return relay.hold('no_key');
    relay.hold('unverified_key');
    relay.start();
    const because = await this.starting.keepTrying(() => identity.check());
    if (because === undefined) return;
    if (because === null) {
      relay.resume();
      if (this.options.verifyOnBoot === 'warn') await this.verifyAndWarn();
      return;
    }
    relay.hold(because);
    if (because !== 'unverified_key') return;
    const found = await identity.confirm();
    if (found === 'same') relay.resume();
    if (found === 'wrong_program') relay.hold('wrong_program');
  }

  private async verifyOrFail(): Promise<void> {
    // A disk in trouble is said elsewhere, and fails no boot.
    await this.identity?.check().catch(() => {});
    const refusal = await this.identity?.verify();
    if (refusal) {
      throw new PartneroConfigurationError(
        `Partnero refuses the API key (${refusal.status}): check PARTNERO_API_KEY, or the apiKey ` +
          "option. The app doesn't start because verifyOnBoot is 'fail'.",
      );
    }
  }

  private async verifyAndWarn(): Promise<void> {
    const refusal = await this.identity?.verify();
    if (!refusal) return;
    this.log.error(
      `Partnero refuses the API key (${refusal.status}): check PARTNERO_API_KEY, or the apiKey ` +
        'option. Sign-ups are accepted, and stay pending until the key is mended.',
    );
  }

  private async sayWhatStays(): Promise<void> {
    const { pending, location } = await this.inspector.stats();
    if (pending > 0) this.log.log(`${pending} pending deliveries stay in ${location}.`);
  }

  /** Another module's shutdown must not fail because of ours. */
  private async quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.log.error(`Shutting down: ${error instanceof Error ? error.message : 'unknown error'}`);
    }
  }
}
