import { randomUUID } from 'node:crypto';
import type { NewJob } from '../job.js';
import { OutboxError } from '../outbox.error.js';
import { Persistence } from '../persistence.js';
import type { Forgotten, LedgerEntry, OutboxStats } from '../ledger.js';
import type { Claim, Outbox, OutboxContext, StoredIdentity } from '../outbox.js';
import type { Verdict } from '../verdict.js';

/** The one attempt failed, and there is no second. */
export class InlineDeliveryError extends OutboxError {
  override readonly name = 'InlineDeliveryError';

  constructor(
    message: string,
    override readonly reason: string,
  ) {
    super(message);
  }
}

/** Keeps nothing: delivers while it accepts. Counts since boot only. */
export class InlineOutbox implements Outbox {
  readonly location = 'inline: one attempt inside the request, nothing is kept';
  private readonly outcomes: Record<string, number> = {};
  private accepted = 0;
  private lastProblem: string | null = null;

  private readonly complaints: Persistence;

  constructor(
    private readonly context: OutboxContext,
    private readonly timeoutMs: number,
  ) {
    this.complaints = new Persistence(context.log);
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  identity(): Promise<StoredIdentity> {
    return Promise.resolve({ salt: '', keyHash: null, publicId: null });
  }

  remember(): Promise<void> {
    return Promise.resolve();
  }

  /** @throws InlineDeliveryError where another outbox would have tried again */
  async accept(job: NewJob): Promise<string> {
    const id = randomUUID();
    const verdict = await this.context.deliver(
      { ...job, id, attempts: 0 },
      AbortSignal.timeout(this.timeoutMs),
    );
    if (verdict.type !== 'settled') {
      this.lastProblem = problemOf(verdict);
      const error = new InlineDeliveryError(
        `Partnero didn't take it: ${this.lastProblem}`,
        this.lastProblem,
      );
      this.complaints.complain('A sign-up is lost, since inlineOutbox() keeps nothing', error);
      throw error;
    }
    this.lastProblem = null;
    this.accepted += 1;
    this.outcomes[verdict.outcome] = (this.outcomes[verdict.outcome] ?? 0) + 1;
    return id;
  }

  /** @throws InlineDeliveryError always: what is handed over here must be kept */
  submit(): Promise<never> {
    return Promise.reject(new InlineDeliveryError('inlineOutbox() keeps nothing.', 'inline'));
  }

  release(): void {}

  discard(): Promise<boolean> {
    return Promise.resolve(false);
  }

  claim(): Promise<Claim> {
    return Promise.resolve({ jobs: [], testing: false, probeKey: false, wakeAt: null });
  }

  note(): Promise<boolean> {
    return Promise.resolve(true);
  }

  settle(): Promise<boolean> {
    return Promise.resolve(false);
  }

  fail(): Promise<'lost'> {
    return Promise.resolve('lost');
  }

  handBack(): Promise<void> {
    return Promise.resolve();
  }

  report(): Promise<void> {
    return Promise.resolve();
  }

  onWork(): void {}

  stats(): Promise<OutboxStats> {
    const counts = { accepted: this.accepted, pending: 0, dead: 0, outcomes: { ...this.outcomes } };
    return Promise.resolve({
      ...counts,
      kinds: this.accepted > 0 ? { attribution: counts } : {},
      program: this.context.program,
      location: this.location,
      oldestPendingAt: null,
      paused: null,
      storage: { ok: this.lastProblem === null, problem: this.lastProblem },
    });
  }

  find(): Promise<LedgerEntry[]> {
    return Promise.resolve([]);
  }

  async *dead(): AsyncIterable<LedgerEntry> {}

  replay(): Promise<number> {
    return Promise.resolve(0);
  }

  forget(): Promise<Forgotten> {
    return Promise.resolve({ forgotten: 0, underWay: 0 });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function problemOf(verdict: Verdict): string {
  return 'reason' in verdict && verdict.reason ? verdict.reason : verdict.type;
}
