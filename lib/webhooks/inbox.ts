import { ServiceUnavailableException } from '@nestjs/common';
import type { ResolvedDeliveryOptions } from '../outbox/delivery.options.js';
import { KindRegistry } from '../outbox/kind-registry.js';
import type { Job, JobKey } from '../outbox/job.js';
import type { Outbox, OutboxDefinition, OutboxLog } from '../outbox/outbox.js';
import { Relay } from '../outbox/relay.js';
import type { SettledVerdict } from '../outbox/verdict.js';
import type { Dispatched, EventDispatcher } from './event.dispatcher.js';
import type { EventHandler } from './event.handler.js';
import { EventJob } from './event.job.js';
import type { PartneroWebhookEvent } from './event.model.js';
import type { HandlerFailures } from './handler.failures.js';
import { InboxInspector } from './inbox.inspector.js';
import { writeStored } from './read-event.js';
import { Sparingly } from './sparingly.js';

/** How an event ended for one handler. */
export interface EventOutcome {
  readonly outcome: string;
  readonly kind: 'event';
  readonly jobId: string;
  /** The handler's id. */
  readonly route: string;
  readonly reason?: string | undefined;
}

export interface InboxSettings {
  readonly program: string;
  readonly outbox: OutboxDefinition;
  readonly delivery: ResolvedDeliveryOptions;
  readonly ledgerDays: number;
}

const SAY_AGAIN_MS = 3_600_000;
const IF_TAKEN: JobKey['ifTaken'] = {
  same: 'duplicate',
  different: 'duplicate',
  withdrawn: 'duplicate',
};

/**
 * Keeps each event once for each of its handlers, and has them handled. An outbox of its own, beside
 * that for Partnero: what pauses the one doesn't stop the other.
 */
export class Inbox implements EventDispatcher {
  readonly inspector: InboxInspector;
  private readonly kinds: KindRegistry;
  private readonly outbox: Outbox;
  private readonly relay: Relay;

  constructor(
    private readonly settings: InboxSettings,
    private readonly report: (outcome: EventOutcome) => void,
    private readonly log: OutboxLog,
  ) {
    const { program, outbox, delivery, ledgerDays } = settings;
    const sparingly = new Sparingly((message) => log.warn(message), SAY_AGAIN_MS);
    this.kinds = new KindRegistry((kind) => sparingly.warn(kind, () => nobody(kind)));
    this.outbox = outbox.create({
      program: inboxOf(program),
      requestsPerMinute: undefined,
      maxBackoffMs: delivery.maxBackoffMs,
      ledgerDays,
      log,
      keyHash: () => null,
      deliver: (job, signal) =>
        this.kinds.deliver(job, signal, { note: () => Promise.resolve(true) }),
    });
    const hooks = {
      probeKey: () => Promise.resolve('unknown' as const),
      onSettled: this.onSettled.bind(this),
    };
    this.relay = new Relay(this.outbox, this.kinds, delivery, hooks, log);
    this.inspector = new InboxInspector(program, this.outbox);
  }

  /** Whether events were kept before, for handlers that may be gone by now. */
  static async isKnown({ program, outbox }: InboxSettings): Promise<boolean> {
    return outbox.knows(inboxOf(program)).catch(() => true);
  }

  get location(): string {
    return this.outbox.location;
  }

  open(handlers: readonly EventHandler[], failures: HandlerFailures): Promise<void> {
    for (const handler of handlers) {
      this.kinds.register(new EventJob(handler, this.settings.program, failures));
    }
    return this.outbox.open();
  }

  start(): void {
    this.relay.start();
  }

  async dispatch(
    event: PartneroWebhookEvent,
    handlers: readonly EventHandler[],
  ): Promise<Dispatched> {
    const payload = writeStored(event);
    try {
      // All of one turn go into one commit.
      const kept = await Promise.all(handlers.map(({ id }) => this.keep(event.id, id, payload)));
      const duplicates = kept.filter((isNew) => !isNew).length;
      return { accepted: kept.length - duplicates, duplicates };
    } catch (error) {
      const message = 'The event could not be kept; Partnero will deliver it again.';
      throw new ServiceUnavailableException(message, { cause: error });
    }
  }

  drain(capMs: number): Promise<void> {
    return this.relay.drain(capMs);
  }

  close(): Promise<void> {
    return this.outbox.close();
  }

  /** False if it is there already. */
  private async keep(eventId: string, kind: string, payload: string): Promise<boolean> {
    const { id, outcome } = await this.outbox.submit({
      kind,
      // Nothing waits for anything: Partnero promises no order, and one that fails must not block.
      lane: `${eventId}:${kind}`,
      referralKey: null,
      payload,
      acceptedAt: Date.now(),
      key: { value: eventId, digest: eventId, ifTaken: IF_TAKEN },
    });
    if (outcome !== null) this.report({ outcome, kind: 'event', jobId: id, route: kind });
    return outcome === null;
  }

  private onSettled({ id, kind }: Job, { outcome, reason }: SettledVerdict): void {
    if (outcome === 'dead') {
      this.log.warn(
        `The event in job ${id} is given up: ${kind} has been failing on it (${reason}) for longer ` +
          'than delivery.maxAgeDays. It waits for webhooks.inbox.replay().',
      );
    }
    this.report({ outcome, kind: 'event', jobId: id, route: kind, reason });
  }
}

/** The name under which the store keeps a program's events. */
export function inboxOf(program: string): string {
  return `${program}:inbox`;
}

function nobody(kind: string): string {
  return (
    `Events wait for the handler ${kind}, which this app doesn't have: was it renamed, or removed? ` +
    `Give the new one that id, @OnPartneroEvent('…', { id: '${kind}' }), or give them up with ` +
    'webhooks.inbox.'
  );
}
