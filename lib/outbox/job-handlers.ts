import { nameOfThrown } from '../common/describe-thrown.js';
import type { DeliveryResult } from './delivery-result.js';
import type { Job } from './job.js';
import type { Checkpoint, JobHandler } from './job-handler.js';

/** The handlers of this app, by the name of their jobs. */
export class JobHandlers {
  private readonly handlers = new Map<string, JobHandler>();

  /** @param onUnknown called each time a job comes that has no handler */
  constructor(private readonly onUnknown?: (name: string) => void) {}

  register(handler: JobHandler): void {
    this.handlers.set(handler.name, handler);
  }

  get(name: string): JobHandler | undefined {
    return this.handlers.get(name);
  }

  /** Never rejects: a handler that throws is a transient failure of that job. */
  async deliver(job: Job, signal: AbortSignal, checkpoint: Checkpoint): Promise<DeliveryResult> {
    const handler = this.handlers.get(job.name);
    // An older version of the app, or one without that feature, may share the store.
    if (!handler) {
      this.onUnknown?.(job.name);
      return { type: 'retry', reason: 'unknown_job', jobOnly: true };
    }
    try {
      return await handler.deliver(job, signal, checkpoint);
    } catch (error) {
      return { type: 'retry', reason: nameOfThrown(error), jobOnly: true };
    }
  }
}
