import { ServiceUnavailableException } from '@nestjs/common';
import type { RunInAppContext } from '../app-context.js';
import type { Delivery, DeliveryControl } from '../outbox/delivery.js';
import type { ResolvedDeliveryOptions } from '../outbox/delivery.options.js';
import type { JobEnd } from '../outbox/delivery-result.js';
import { JobHandlers } from '../outbox/job-handlers.js';
import type { Job, JobKey } from '../outbox/job.js';
import type { OutboxDefinition, OutboxEngine, OutboxLog } from '../outbox/outbox-engine.js';
import { ThrottledLogger } from '../throttled-logger.js';
import type { Dispatched, EventDispatcher } from './event.dispatcher.js';
import type { EventHandler } from './event.handler.js';
import { EventJobHandler } from './event.job-handler.js';
import type { PartneroWebhookEvent } from './event.model.js';
import type { HandlerFailures } from './handler.failures.js';
import { InboxInspector } from './inbox.inspector.js';
import { writeStored } from './read-event.js';

/** The outcome of one event at one handler. */
export interface EventOutcome {
  readonly outcome: string;
  readonly jobName: 'event';
  readonly jobId: string;
  /** The handler's id. */
  readonly route: string;
  readonly reason?: string | undefined;
}

export interface InboxSettings {
  readonly program: string;
  readonly outbox: OutboxDefinition;
  readonly delivery: ResolvedDeliveryOptions;
  readonly historyDays: number | undefined;
  readonly acceptTimeoutMs: number;
  readonly inAppContext: RunInAppContext;
}

const LOG_AGAIN_MS = 3_600_000;
const IF_TAKEN: JobKey['ifTaken'] = {
  same: 'duplicate',
  different: 'duplicate',
  cancelled: 'duplicate',
};

/**
 * Saves each event once for each of its handlers, and calls them. It is an outbox of its own, beside
 * that for Partnero: a pause of one doesn't stop the other.
 */
export class Inbox implements EventDispatcher {
  readonly inspector: InboxInspector;
  private readonly jobHandlers: JobHandlers;
  private readonly engine: OutboxEngine;
  private control: DeliveryControl | null = null;
  private handlerCount = 0;

  constructor(
    private readonly settings: InboxSettings,
    private readonly report: (outcome: EventOutcome) => void,
    private readonly log: OutboxLog,
  ) {
    const { program, outbox, historyDays, acceptTimeoutMs } = settings;
    const throttled = new ThrottledLogger((message) => log.warn(message), LOG_AGAIN_MS);
    this.jobHandlers = new JobHandlers((name) => throttled.warn(name, () => noHandler(name)));
    this.engine = outbox.create({ program: inboxOf(program), historyDays, acceptTimeoutMs, log });
    this.inspector = new InboxInspector(program, this.engine);
  }

  /** Whether events were saved before, for handlers that may be gone by now. */
  static async exists({ program, outbox }: InboxSettings): Promise<boolean> {
    return outbox.exists(inboxOf(program)).catch(() => true);
  }

  get location(): string {
    return this.engine.location;
  }

  open(handlers: readonly EventHandler[], failures: HandlerFailures): Promise<void> {
    const { program, delivery } = this.settings;
    this.handlerCount = handlers.length;
    for (const handler of handlers) {
      this.jobHandlers.register(
        new EventJobHandler(handler, program, delivery.concurrency, failures),
      );
    }
    return this.engine.open();
  }

  start(): void {
    if (this.settings.delivery.concurrency === 0) return;
    this.control = this.engine.start(this.delivery());
  }

  async dispatch(
    event: PartneroWebhookEvent,
    handlers: readonly EventHandler[],
  ): Promise<Dispatched> {
    const payload = writeStored(event);
    try {
      // Submitted in the same tick, so that they share a commit.
      const isNew = await Promise.all(handlers.map(({ id }) => this.submit(event.id, id, payload)));
      const queued = isNew.filter(Boolean).length;
      return { queued, duplicates: isNew.length - queued };
    } catch (error) {
      const message = 'The event could not be saved; Partnero will deliver it again.';
      throw new ServiceUnavailableException(message, { cause: error });
    }
  }

  async drain(capMs: number): Promise<void> {
    await this.control?.drain(capMs);
  }

  close(): Promise<void> {
    return this.engine.close();
  }

  private delivery(): Delivery {
    const { delivery, inAppContext: run } = this.settings;
    return {
      ...delivery,
      // Each handler has slots of its own.
      concurrency: delivery.concurrency * Math.max(1, this.handlerCount),
      requestsPerMinute: undefined,
      deliver: (job, signal, checkpoint) =>
        run(() => this.jobHandlers.deliver(job, signal, checkpoint)),
      checkKey: () => Promise.resolve('accepted'),
      onEnd: (job, end) => run(() => this.onEnd(job, end)),
    };
  }

  /** Resolves with false if the event was saved before. */
  private async submit(eventId: string, handlerId: string, payload: string): Promise<boolean> {
    const { id, outcome } = await this.engine.submit({
      name: handlerId,
      // Nothing waits for anything: Partnero promises no order, and a failing event must not block.
      orderingKey: `${eventId}:${handlerId}`,
      referralKey: null,
      payload,
      queuedAt: Date.now(),
      key: { value: eventId, digest: eventId, ifTaken: IF_TAKEN },
    });
    if (outcome !== null) {
      this.report({ outcome, jobName: 'event', jobId: id, route: handlerId });
    }
    return outcome === null;
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
    this.report({ outcome, jobName: 'event', jobId: id, route: name, reason });
  }
}

/** The program name of a program's inbox in the store. */
export function inboxOf(program: string): string {
  return `${program}:inbox`;
}

function noHandler(id: string): string {
  return (
    `Events are queued for the handler ${id}, which this app doesn't have. If it was renamed, give the ` +
    `new one that id: @OnPartneroEvent('…', { id: '${id}' }). If it was removed, call ` +
    'webhooks.inbox.forget() for its events.'
  );
}
