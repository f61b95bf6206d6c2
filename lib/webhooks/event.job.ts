import type { Job } from '../outbox/job.js';
import type { JobKind } from '../outbox/job-kind.js';
import type { Verdict } from '../outbox/verdict.js';
import type { EventHandler } from './event.handler.js';
import type { HandlerFailures } from './handler.failures.js';
import { readStored } from './read-event.js';

/** Hands the events that wait for a handler to that handler. A kind of job of its own per handler. */
export class EventJob implements JobKind {
  readonly name: string;

  constructor(
    private readonly handler: EventHandler,
    private readonly program: string,
    private readonly failures: HandlerFailures,
  ) {
    this.name = handler.id;
  }

  async deliver(job: Job): Promise<Verdict> {
    const event = readStored(job.payload, this.program);
    if (!event) {
      return { type: 'settled', outcome: 'invalid', reason: 'unreadable_payload', requests: 0 };
    }
    try {
      await this.handler.handle(event);
      return { type: 'settled', outcome: 'handled', requests: 0 };
    } catch (error) {
      const reason = this.failures.report(this.handler, event, job.attempts + 1, error);
      return { type: 'retry', reason, jobOnly: true };
    }
  }
}
