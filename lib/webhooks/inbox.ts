import {
  InternalServerErrorException,
  ServiceUnavailableException,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { errorMessage } from '../common/error-message.js';
import type { Delivery, DeliveryControl } from '../outbox/delivery.js';
import type { JobEnd } from '../outbox/delivery-result.js';
import { JobHandlers } from '../outbox/job-handlers.js';
import type { Job } from '../outbox/job.js';
import type { OutboxEngine } from '../outbox/outbox-engine.js';
import { ThrottledLogger } from '../common/throttled-logger.js';
import { within } from '../common/within.js';
import { EventHandler } from './event.handler.js';
import { jobsOf } from './event.job.js';
import type { PartneroWebhookEvent } from './event.model.js';
import { InboxInspector } from './inbox.inspector.js';
import type { WebhookDiscovery } from './webhook.discovery.js';
import type { WebhooksSettings } from './webhooks.options.js';

/** The result of `webhooks.dispatch()`. */
export interface Dispatched {
  /** Handlers that will get the event, or without a durable outbox have got it. */
  readonly queued: number;
  /** Handlers for which it was queued before: a repeated delivery. */
  readonly duplicates: number;
}

/** How long shutdown may take: to finish handling, to count what stays, to close the store. */
const DRAIN_MS = 5_000;
const STATS_MS = 500;
const CLOSE_MS = 3_000;
const LOG_AGAIN_MS = 3_600_000;

/**
 * Saves each event once for each of its handlers, and calls them. It is an outbox of its own, beside
 * that for Partnero: a pause of one doesn't stop the other. If the outbox isn't durable, nothing is
 * saved: the handlers run before `dispatch` resolves.
 */
export class Inbox
  implements
    OnModuleInit,
    OnApplicationBootstrap,
    OnModuleDestroy,
    BeforeApplicationShutdown,
    OnApplicationShutdown
{
  readonly inspector: InboxInspector;
  private handlers: readonly EventHandler[] = [];
  private readonly jobHandlers: JobHandlers;
  /** `null` if nothing is saved. */
  private engine: OutboxEngine | null = null;
  private control: DeliveryControl | null = null;
  private draining: Promise<void> | undefined;

  constructor(
    private readonly settings: WebhooksSettings,
    private readonly app: Pick<WebhookDiscovery, 'handlersOf' | 'routesOf'>,
  ) {
    const { program, log } = settings;
    const throttled = new ThrottledLogger((message) => log.warn(message), LOG_AGAIN_MS);
    this.jobHandlers = new JobHandlers((name) => throttled.warn(name, () => noHandler(name)));
    this.inspector = new InboxInspector(program, () => this.engine);
  }

  /** @throws PartneroConfigurationError naming the handler, or the outbox */
  async onModuleInit(): Promise<void> {
    const { program, outbox, historyDays, acceptTimeoutMs, log } = this.settings;
    const methods = this.app.handlersOf(program);
    this.handlers = methods.map((method) => new EventHandler(method, this.settings));
    for (const handler of this.handlers) this.jobHandlers.register(handler);
    if (!(await this.needsEngine())) return;
    const context = { program: inboxOf(program), historyDays, acceptTimeoutMs, log };
    this.engine = outbox.create(context);
    await this.engine.open();
  }

  onApplicationBootstrap(): void {
    const { active, delivery } = this.settings;
    if (!active) return;
    if (delivery.concurrency > 0) this.control = this.engine?.start(this.delivery()) ?? null;
    this.logHandlers();
  }

  /**
   * Resolves once the event is saved for the handlers that want it.
   * @throws HttpException that makes Partnero deliver the event again
   */
  dispatch(event: PartneroWebhookEvent): Promise<Dispatched> {
    const handlers = this.handlers.filter((handler) => handler.wants(event));
    return this.engine
      ? save(this.engine, event, handlers, this.settings)
      : handle(event, handlers);
  }

  /** Waits for nothing, so that everything drains at the same time. */
  onModuleDestroy(): void {
    this.draining = this.control?.drain(DRAIN_MS);
    this.draining?.catch(() => {});
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.quietly(async () => {
      await this.draining;
      if (this.engine) await within(STATS_MS, this.logPending());
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.quietly(async () => {
      if (this.engine) await within(CLOSE_MS, this.engine.close());
    });
  }

  private async needsEngine(): Promise<boolean> {
    const { program, active, outbox, options } = this.settings;
    if (!active || !outbox.durable) return false;
    if (this.handlers.length > 0) return true;
    // Events that are queued for a handler which was removed are reported.
    const receives = options.given || this.app.routesOf(program).length > 0;
    return receives && outbox.exists(inboxOf(program)).catch(() => true);
  }

  private delivery(): Delivery {
    const { delivery, inAppContext: run } = this.settings;
    return {
      ...delivery,
      // Each handler has slots of its own.
      concurrency: delivery.concurrency * Math.max(1, this.handlers.length),
      requestsPerMinute: undefined,
      deliver: (job, signal, checkpoint) => this.jobHandlers.deliver(job, signal, checkpoint),
      checkKey: () => Promise.resolve('accepted'),
      onEnd: (job, end) => run(() => this.onEnd(job, end)),
    };
  }

  private onEnd({ id, name }: Job, end: JobEnd): void {
    const { log, report } = this.settings;
    const { reason } = end;
    if (end.type === 'dead') {
      log.warn(
        `The event in job ${id} is dead: ${name} has failed on it (${reason}) for longer than ` +
          'delivery.maxAgeDays; webhooks.inbox.requeue() has it handled again.',
      );
    }
    const outcome = end.type === 'dead' ? 'dead' : end.outcome;
    report({ outcome, jobName: 'event', jobId: id, route: name, reason });
  }

  private logHandlers(): void {
    const { program, log } = this.settings;
    const routes = this.app.routesOf(program);
    const ids = this.handlers.map(({ name }) => name);
    if (routes.length + ids.length === 0) return;
    log.log(
      `Webhooks arrive at ${routes.join(', ') || 'no route of this app'}. Their handlers: ` +
        `${ids.join(', ') || 'none'}. Inbox: ${this.engine?.location ?? 'none'}.`,
    );
  }

  private async logPending(): Promise<void> {
    const { pending, location } = await this.inspector.stats();
    if (pending > 0) this.settings.log.log(`${pending} pending events stay in ${location}.`);
  }

  /** Another module's shutdown must not fail because of ours. */
  private async quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.settings.log.error(`Shutting down the inbox: ${errorMessage(error)}`);
    }
  }
}

async function save(
  engine: OutboxEngine,
  event: PartneroWebhookEvent,
  handlers: readonly EventHandler[],
  { report }: Pick<WebhooksSettings, 'report'>,
): Promise<Dispatched> {
  const ids = handlers.map(({ name }) => name);
  const jobs = jobsOf(event, ids);
  try {
    // Submitted in the same tick, so that they share a commit.
    const isNew = await Promise.all(
      jobs.map(async (job) => {
        const { id, outcome } = await engine.submit(job);
        if (outcome !== null) report({ outcome, jobName: 'event', jobId: id, route: job.name });
        return outcome === null;
      }),
    );
    const queued = isNew.filter(Boolean).length;
    return { queued, duplicates: isNew.length - queued };
  } catch (error) {
    const message = 'The event could not be saved; Partnero will deliver it again.';
    throw new ServiceUnavailableException(message, { cause: error });
  }
}

async function handle(
  event: PartneroWebhookEvent,
  handlers: readonly EventHandler[],
): Promise<Dispatched> {
  const failures = await Promise.all(handlers.map((handler) => handler.handle(event, 1)));
  if (failures.every((failure) => failure === null)) {
    return { queued: handlers.length, duplicates: 0 };
  }
  throw new InternalServerErrorException(
    'A handler failed; Partnero will deliver the event again.',
  );
}

/** The program name of a program's inbox in the store. */
function inboxOf(program: string): string {
  return `${program}:inbox`;
}

function noHandler(id: string): string {
  return (
    `Events are queued for the handler ${id}, which this app doesn't have. If it was renamed, give the ` +
    `new one that id: @OnPartneroEvent('…', { id: '${id}' }). If it was removed, call ` +
    'webhooks.inbox.forget() for its events.'
  );
}
