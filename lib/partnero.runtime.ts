import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { HttpService } from '@nestjs/axios';
import { CustomersResource } from './api/customers/customers.resource.js';
import { PartneroApiClient } from './api/partnero-api.client.js';
import { AttributionJob } from './attribution/attribution.job.js';
import { AttributionService } from './attribution/attribution.service.js';
import { OutcomeReporter } from './attribution/outcome.reporter.js';
import { bootLine } from './boot-line.js';
import { KindRegistry } from './outbox/kind-registry.js';
import type { Outbox, OutboxContext } from './outbox/outbox.js';
import { Persistence } from './outbox/persistence.js';
import { Relay } from './outbox/relay.js';
import { OutboxInspector } from './outbox.inspector.js';
import { PartneroConfigurationError } from './partnero.configuration-error.js';
import { within } from './attribution/within.js';
import type { ResolvedOptions } from './partnero.options.js';
import { DEFAULT_PROGRAM } from './program.tokens.js';
import { ProgramIdentity } from './program.identity.js';

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
  readonly client: PartneroApiClient;
  readonly customers: CustomersResource;
  readonly attribution: AttributionService;
  readonly inspector: OutboxInspector;
  private readonly log: Logger;
  private readonly reporter: OutcomeReporter;
  private readonly kinds = new KindRegistry();
  private readonly outbox: Outbox | null;
  private readonly relay: Relay | null;
  private readonly identity: ProgramIdentity | null;
  private readonly starting: Persistence;
  private isUp = false;

  private constructor(
    private readonly options: ResolvedOptions,
    private readonly mode: Mode,
    http: HttpService,
  ) {
    const { name, program } = options;
    this.log = new Logger(name === DEFAULT_PROGRAM ? 'Partnero' : `Partnero:${name}`);
    this.starting = new Persistence(this.log);
    this.client = new PartneroApiClient(http, options);
    this.customers = new CustomersResource(this.client, program);
    this.kinds.register(new AttributionJob(this.customers, this.client, program));
    this.reporter = new OutcomeReporter(name, this.log, options.onOutcome);
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
    const { notAccepted } = this.reporter;
    this.inspector = new OutboxInspector(name, this.outbox, this.relay, notAccepted);
  }

  /** Finds out first whether there is a key, and whether the outbox knows this program. */
  static async create(options: ResolvedOptions, http: HttpService): Promise<PartneroRuntime> {
    const off = options.enabled === false;
    if (options.apiKey && !off) return new PartneroRuntime(options, 'delivers', http);
    // A lost environment variable must not lose commissions.
    const known = await options.outbox.knows(options.name).catch(() => true);
    if (!known) return new PartneroRuntime(options, 'disabled', http);
    return new PartneroRuntime(options, off ? 'counts' : 'keeps', http);
  }

  async onModuleInit(): Promise<void> {
    await this.outbox?.open();
    this.isUp = true;
    if (this.mode === 'delivers' && this.options.verifyOnBoot === 'fail') await this.verifyOrFail();
  }

  onApplicationBootstrap(): void {
    bootLine(this.options, this.mode, this.outbox?.location, this.log);
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
      maxBackoffMs: delivery.maxBackoffMs,
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
