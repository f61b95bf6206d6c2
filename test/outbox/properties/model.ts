import type { Attempt } from '#lib/testing/conformance/scripted-partnero.js';
import type { Member } from './operations.js';

export interface ModelJob {
  readonly id: string;
  readonly name: string;
  readonly customer: string;
  /** Where it is delivered. Of a refund, known once it is delivered. */
  orderingKey: string | null;
  readonly submittedTo: string | null;
  /** `queued`: must be delivered. `ended`: must not be delivered any more. */
  state: 'held' | 'queued' | 'ended';
  /** An erasure or `forget` may have discarded it, or come too late. */
  perhapsDiscarded: boolean;
  heldBy: Member | null;
  /** How it must have ended, if it isn't delivered. */
  outcome: string | null;
}

/** The digest that a key is taken with: `null` if it was cancelled, `undefined` if it is free. */
type Digest = string | null | undefined;

/** What must be true of an outbox, whatever its engines do first. */
export class Model {
  readonly jobs: ModelJob[] = [];
  /** What may be true of a key: after a deletion, it may be free. */
  private readonly keys = new Map<string, Digest[]>();

  add(job: Pick<ModelJob, 'id' | 'name' | 'customer'> & Partial<ModelJob>): ModelJob {
    const added: ModelJob = {
      orderingKey: job.customer,
      submittedTo: null,
      state: 'queued',
      perhapsDiscarded: false,
      heldBy: null,
      outcome: null,
      ...job,
    };
    this.jobs.push(added);
    return added;
  }

  heldBy(member: Member): ModelJob[] {
    return this.jobs.filter(({ heldBy }) => heldBy === member);
  }

  release(job: ModelJob): void {
    if (job.state === 'held') job.state = 'queued';
    job.heldBy = null;
  }

  end(job: ModelJob, outcome: string): void {
    Object.assign(job, { state: 'ended', heldBy: null, outcome });
  }

  /** Whether a job with this key may get this outcome when it is submitted. */
  submit(name: string, key: string, digest: string, outcome: string | null): boolean {
    const outcomeFor = (taken: Digest) => {
      if (taken === undefined) return null;
      if (taken === null) return 'refunded';
      return taken === digest ? 'duplicate' : 'conflict';
    };
    const possible = this.digestsOf(name, key).filter((taken) => outcomeFor(taken) === outcome);
    this.keys.set(`${name} ${key}`, outcome === null ? [digest] : possible);
    return possible.length > 0;
  }

  /** If no job has the key, none can take it any more. */
  cancel(name: string, key: string): void {
    const digests = this.digestsOf(name, key).map((digest) => digest ?? null);
    this.keys.set(`${name} ${key}`, digests);
  }

  /** Jobs of this customer were deleted, or discarded, unless they were being sent. */
  erase(customer: string): void {
    for (const job of this.jobs) {
      if (job.customer === customer && job.state !== 'ended') job.perhapsDiscarded = true;
    }
    for (const [name, digests] of this.keys) {
      if (name.includes(` ${customer}-`)) digests.push(undefined);
    }
  }

  private digestsOf(name: string, key: string): Digest[] {
    return this.keys.get(`${name} ${key}`) ?? [undefined];
  }

  /** Why this attempt must not be made; `null` if it may. */
  objectionTo({ job: { id, orderingKey } }: Attempt, earlier: readonly Attempt[]): string | null {
    const at = this.jobs.findIndex((job) => job.id === id);
    // The engine may deliver a job before it says that it saved it.
    if (at === -1) return null;
    const job = this.jobs[at]!;
    job.orderingKey = orderingKey;
    if (job.state === 'held') return `${id} is held`;
    if (job.state === 'ended') return `${id} has ended as ${job.outcome}`;
    const isDone = (other: ModelJob) =>
      other.state === 'ended' ||
      other.perhapsDiscarded ||
      earlier.some((each) => each.job.id === other.id && each.result?.type === 'completed');
    const first = this.jobs
      .slice(0, at)
      .find((other) => other.orderingKey === orderingKey && !isDone(other));
    return first ? `${id} is delivered before ${first.id}` : null;
  }
}
