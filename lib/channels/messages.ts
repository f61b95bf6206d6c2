import type { Pause, PauseReason } from '../outbox/delivery.js';
import type { DeliveryResult } from '../outbox/delivery-result.js';

/**
 * A job. No message holds an API key or personal data: of a customer, it has what log lines have.
 */
export interface JobMessage {
  /** Name of the program in this app; `default` unless you gave one. */
  readonly program: string;
  /**
   * `attribution`, `transaction`, `refund`, `erasure`, or `event` for a webhook event at one of its
   * handlers. The list may grow.
   */
  readonly jobName: string;
  readonly jobId: string;
  /**
   * Your own id of the customer. One that looks like an e-mail address is replaced by a hash. Of a
   * refund without a known sale: the sale's key. `undefined` for events.
   */
  readonly customerKey?: string | undefined;
  /** Of an event: its handler, such as `Commissions.onPaid`. */
  readonly handler?: string | undefined;
}

/** `nestjs-partnero:queued`: a job is saved. A sign-up that fails afterwards is `discarded`. */
export type QueuedMessage = JobMessage;

/** `nestjs-partnero:delivered`: a delivery ended with an outcome, and that is saved. */
export interface DeliveredMessage extends JobMessage {
  /** Such as `attributed` or `unknown_partner`; see docs/outcomes.md. */
  readonly outcome: string;
  /** A status and names of fields, or one word. */
  readonly reason?: string | undefined;
  readonly queuedAt: Date;
}

/** `nestjs-partnero:retry`: an attempt failed, and another one will be made. */
export interface RetryMessage extends JobMessage {
  /** A status and names of fields, or one word. */
  readonly reason: string;
  /** How many attempts have failed so far. */
  readonly attempts: number;
  /** How long the job waits for the next attempt. Milliseconds. */
  readonly delayMs: number;
}

/** `nestjs-partnero:dead-letter`: a job failed for longer than `delivery.maxAgeDays`. */
export interface DeadLetterMessage extends JobMessage {
  /** Of the last attempt. A status and names of fields, or one word. */
  readonly reason: string;
  readonly queuedAt: Date;
}

/** `nestjs-partnero:discarded`: a sign-up failed after its job was queued. Nothing is sent. */
export type DiscardedMessage = Pick<JobMessage, 'program' | 'jobId'>;

/** `nestjs-partnero:paused`: this process sends nothing for now, or for another reason than before. */
export interface PausedMessage extends Pause {
  readonly program: string;
}

/** `nestjs-partnero:resumed`: this process sends again. */
export interface ResumedMessage {
  readonly program: string;
  /** Why it was paused. */
  readonly reason: PauseReason;
}

/** `nestjs-partnero:webhook`: an event was saved for its handlers, or without a durable outbox handled. */
export interface WebhookMessage {
  readonly program: string;
  /** The event's name, such as `transaction.created`. */
  readonly event: string;
  readonly eventId: string;
  /** Handlers that will get it. */
  readonly queued: number;
  /** Handlers for which it was queued before. */
  readonly duplicates: number;
}

/** The messages of the channels, by the part of the channel's name behind `nestjs-partnero:`. */
export interface PartneroMessages {
  readonly queued: QueuedMessage;
  readonly delivered: DeliveredMessage;
  readonly retry: RetryMessage;
  readonly 'dead-letter': DeadLetterMessage;
  readonly discarded: DiscardedMessage;
  readonly paused: PausedMessage;
  readonly resumed: ResumedMessage;
  readonly webhook: WebhookMessage;
}

/** What the tracing channel `nestjs-partnero:queue` has of one job that is to be saved. */
export interface QueueTrace extends Omit<JobMessage, 'jobId'> {
  /**
   * Set it at the start, in the form of W3C Trace Context: it is saved with the job, and comes with each
   * of its deliveries.
   */
  traceparent?: string | undefined;
  /** At the end, if it was saved. */
  jobId?: string | undefined;
  /** At the end: such as `duplicate` for a sale that was queued before; `null` if this one was queued. */
  outcome?: string | null | undefined;
  /** At the end, if it could not be saved. */
  readonly error?: Error | undefined;
}

/** What the tracing channel `nestjs-partnero:deliver` has of one attempt to deliver a job. */
export interface DeliverTrace extends JobMessage {
  /** What was set when the job was queued, perhaps by another process. */
  readonly traceparent?: string | undefined;
  /** How many attempts failed before. */
  readonly attempts: number;
  /** Set it at the start to run the attempt in an async context of yours. Must call `work` once. */
  around?: (<T>(work: () => T) => T) | undefined;
  /** At the end. */
  readonly result?: DeliveryResult | undefined;
}

/** The messages of the tracing channels. Node publishes one and the same object at start and end. */
export interface PartneroTraces {
  readonly queue: QueueTrace;
  readonly deliver: DeliverTrace;
}
