import {
  InternalServerErrorException,
  ServiceUnavailableException,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { publish } from '../channels/channels.js';
import { ObservedEngine, type JobFacts } from '../channels/observed-engine.js';
import type { RunInAppContext } from '../common/app-context.js';
import { ThrottledLogger, warningOnce } from '../common/throttled-logger.js';
import type { Delivery, DeliveryControl } from '../outbox/delivery.js';
import type { JobEnd } from '../outbox/delivery-result.js';
import type { Job, NewJob } from '../outbox/job.js';
import { JobHandlers } from '../outbox/job-handlers.js';
import type { OutboxEngine, OutboxLog } from '../outbox/outbox-engine.js';
import type { ResolvedOptions } from '../partnero.options.js';
import { OutboxLifecycle } from '../program/outbox.lifecycle.js';
import type { OutcomeReporter } from '../program/outcome.reporter.js';
import { EventHandler } from './event.handler.js';
import { jobsOf } from './event.job.js';
import { TEST_EVENT, type PartneroWebhookEvent } from './event.model.js';
import { InboxInspector } from './inbox.inspector.js';
import type { WebhookDiscovery } from './webhook.discovery.js';

/** The result of `webhooks.dispatch()`. */
export interface Dispatched {
  /** Handlers that will get the event, or without a durable outbox have got it. */
  readonly queued: number;
  /** Handlers for which it was queued before: a repeated delivery. */
  readonly duplicates: number;
}

const LOG_AGAIN_MS = 3_600_000;
/** What a job of the inbox is called in messages and outcomes. Its own name is the handler's id. */
const EVENT = 'event';

/**
 * Saves each event once for each of its handlers, and calls them. It is an outbox of its own, beside
 * that for Partnero: a pause of one doesn't stop the other. If the outbox isn't durable, nothing is
 * saved: the handlers run before `dispatch` resolves.
 */
export class Inbox extends OutboxLifecycle implements OnModuleInit, OnApplicationBootstrap {
  readonly inspector: InboxInspector;
  private handlers: readonly EventHandler[] = [];
  private readonly jobHandlers: JobHandlers;
  private readonly once: ThrottledLogger;
  /** `null` if nothing is saved. */
  protected engine: OutboxEngine | null = null;
  private control: DeliveryControl | null = null;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly app: Pick<WebhookDiscovery, 'handlersOf' | 'routesOf'>,
    private readonly reporter: OutcomeReporter,
    private readonly inAppContext: RunInAppContext,
    log: OutboxLog,
  ) {
    super(log, 'events');
    const throttled = new ThrottledLogger((message) => log.warn(message), LOG_AGAIN_MS);
    this.once = warningOnce(log);
    this.jobHandlers = new JobHandlers((name) => throttled.warn(name, () => noHandler(name)));
    this.inspector = new InboxInspector(options.name, () => this.engine);
  }

  /** @throws PartneroConfigurationError naming the handler, or the outbox */
  async onModuleInit(): Promise<void> {
    const { options, inAppContext, log } = this;
    const { name, outbox, historyDays, acceptTimeoutMs } = options;
    this.handlers = this.app
      .handlersOf(name)
      .map((method) => new EventHandler(method, options, log));
    for (const handler of this.handlers) this.jobHandlers.register(handler);
    if (!(await this.needsEngine())) return;
    const context = { program: inboxOf(name), historyDays, acceptTimeoutMs, log };
    const observation = { program: name, factsOf, inAppContext };
    this.engine = new ObservedEngine(outbox.create(context), observation);
    await this.open();
  }

  onApplicationBootstrap(): void {
    const { enabled, delivery } = this.options;
    if (enabled === false) return;
    if (delivery.concurrency > 0) this.control = this.engine?.start(this.delivery()) ?? null;
    this.logHandlers();
  }

  /**
   * Resolves once the event is saved for the handlers that want it.
   * @throws HttpException that makes Partnero deliver the event again
   */
  async dispatch(event: PartneroWebhookEvent): Promise<Dispatched> {
    const handlers = this.handlers.filter((handler) => handler.wants(event));
    if (handlers.length === 0) this.warnOfUnwanted(event);
    const dispatched = await (this.engine
      ? this.save(this.engine, event, handlers)
      : // Handlers must not see the context of the request.
        this.inAppContext(() => handle(event, handlers)));
    const { program, id: eventId, name } = event;
    publish('webhook', () => ({ program, eventId, event: name, ...dispatched }));
    return dispatched;
  }

  protected drain(capMs: number): Promise<void> | undefined {
    return this.control?.drain(capMs);
  }

  private async needsEngine(): Promise<boolean> {
    const { name, enabled, outbox, webhooks } = this.options;
    if (enabled === false || !outbox.durable) return false;
    if (this.handlers.length > 0) return true;
    // Events that are queued for a handler which was removed are reported.
    const receives = webhooks.given || this.app.routesOf(name).length > 0;
    return receives && outbox.exists(inboxOf(name)).catch(() => true);
  }

  private delivery(): Delivery {
    const { delivery } = this.options;
    return {
      ...delivery,
      // Each handler has slots of its own.
      concurrency: delivery.concurrency * Math.max(1, this.handlers.length),
      requestsPerMinute: undefined,
      deliver: (job, signal, checkpoint) => this.jobHandlers.deliver(job, signal, checkpoint),
      checkKey: () => Promise.resolve('accepted'),
      onEnd: (job, end) => this.onEnd(job, end),
    };
  }

  private onEnd({ id, name }: Job, end: JobEnd): void {
    const { reason } = end;
    if (end.type === 'dead') {
      this.log.warn(
        `The event in job ${id} is dead: ${name} has failed on it (${reason}) for longer than ` +
          'delivery.maxAgeDays; webhooks.inbox.requeue() has it handled again.',
      );
    }
    const outcome = end.type === 'dead' ? 'dead' : end.outcome;
    this.reporter.report({ outcome, jobName: EVENT, jobId: id, route: name, reason });
  }

  /** It may be a typo in the name of a handler's event. */
  private warnOfUnwanted({ name }: PartneroWebhookEvent): void {
    if (name === TEST_EVENT) return;
    this.once.warn(
      name,
      () =>
        `No handler of this app wants the event ${name.slice(0, 100)}: it was accepted, and nothing was done. ` +
        'Add an @OnPartneroEvent() for it, or remove it from the webhook at Partnero. Said once.',
    );
  }

  private logHandlers(): void {
    const routes = this.app.routesOf(this.options.name);
    const ids = this.handlers.map(({ name }) => name);
    if (routes.length + ids.length === 0) return;
    this.log.log(
      `Webhooks arrive at ${routes.join(', ') || 'no route of this app'}. Their handlers: ` +
        `${ids.join(', ') || 'none'}. Inbox: ${this.engine?.location ?? 'none'}.`,
    );
  }

  private async save(
    engine: OutboxEngine,
    event: PartneroWebhookEvent,
    handlers: readonly EventHandler[],
  ): Promise<Dispatched> {
    const ids = handlers.map(({ name }) => name);
    try {
      // Submitted in the same tick, so that they share a commit.
      const isNew = await Promise.all(
        jobsOf(event, ids).map(async (job) => {
          const { id: jobId, outcome } = await engine.submit(job);
          if (outcome === null) return true;
          this.reporter.report({ outcome, jobName: EVENT, jobId, route: job.name });
          return false;
        }),
      );
      const queued = isNew.filter(Boolean).length;
      return { queued, duplicates: isNew.length - queued };
    } catch (error) {
      const message = 'The event could not be saved; Partnero will deliver it again.';
      throw new ServiceUnavailableException(message, { cause: error });
    }
  }
}

function factsOf({ name: handler }: NewJob): JobFacts {
  return { jobName: EVENT, handler };
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
