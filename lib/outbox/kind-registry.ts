import type { Job } from './job.js';
import type { DeliverySteps, JobKind } from './job-kind.js';
import type { Verdict } from './verdict.js';

/** The kinds of job that this app can deliver, registered by the rooms that own them. */
export class KindRegistry {
  private readonly kinds = new Map<string, JobKind>();

  /** @param onUnknown told each time a job of a kind comes that isn't registered */
  constructor(private readonly onUnknown?: (kind: string) => void) {}

  register(kind: JobKind): void {
    this.kinds.set(kind.name, kind);
  }

  get(name: string): JobKind | undefined {
    return this.kinds.get(name);
  }

  /** Never rejects: a kind that throws is a transient failure of that job. */
  async deliver(job: Job, signal: AbortSignal, steps: DeliverySteps): Promise<Verdict> {
    const kind = this.kinds.get(job.kind);
    // An older version of the app, or one without that feature, on a newer one's store.
    if (!kind) {
      this.onUnknown?.(job.kind);
      return { type: 'retry', reason: 'unknown_kind', jobOnly: true };
    }
    try {
      return await kind.deliver(job, signal, steps);
    } catch (error) {
      return {
        type: 'retry',
        reason: error instanceof Error ? error.name : 'thrown',
        jobOnly: true,
      };
    }
  }
}
