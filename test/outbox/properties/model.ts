/** Which process, of those on the store. */
export type ProcessNumber = 0 | 1;

export interface ModelJob {
  readonly id: string;
  readonly lane: string;
  readonly kind: string;
  readonly key: string | null;
  state: 'held' | 'free' | 'claimed' | 'dead' | 'settled' | 'forgotten';
  /** Who holds it, or delivers it. */
  by: ProcessNumber | null;
  due: number;
  attempts: number;
  progress: string | null;
}

interface Holder {
  digest: string | null;
  lane: string;
  id: string;
}

const SALE = 'transaction';
/** No job is due later than that from now, unless a clock was wrong; with what clocks may differ by. */
export const HORIZON_MS = 86_400_000 + 10_000;

/** The outbox as one would write it down on paper: no disk, no processes, no time lost. */
export class Model {
  readonly jobs: ModelJob[] = [];
  accepted = 0;
  /** Ever, but for those that were replayed. */
  dead = 0;
  readonly outcomes: Record<string, number> = {};
  private readonly holders = new Map<string, Holder>();

  add(job: Pick<ModelJob, 'id' | 'lane'> & Partial<ModelJob>): ModelJob {
    const added: ModelJob = {
      kind: 'attribution',
      key: null,
      state: 'held',
      by: null,
      due: 0,
      attempts: 0,
      progress: null,
      ...job,
    };
    this.accepted += 1;
    this.jobs.push(added);
    return added;
  }

  /** What a sale under this key ends as at once; `null` if it is taken. */
  outcomeOfSale(key: string, digest: string): string | null {
    const holder = this.holders.get(`${SALE} ${key}`);
    if (!holder) return null;
    if (holder.digest === null) return 'refunded';
    return holder.digest === digest ? 'duplicate' : 'conflict';
  }

  outcomeOfRefund(key: string): string | null {
    return this.holders.has(`refund ${key}`) ? 'duplicate' : null;
  }

  /** Where a refund goes. */
  laneOfSale(key: string): string | undefined {
    return this.holders.get(`${SALE} ${key}`)?.lane;
  }

  hold(kind: string, key: string, holder: Holder): void {
    const name = `${kind} ${key}`;
    if (!this.holders.has(name)) this.holders.set(name, holder);
  }

  freeKeysOf(id: string): void {
    for (const [name, holder] of this.holders) if (holder.id === id) this.holders.delete(name);
  }

  end(job: ModelJob, outcome: string): void {
    job.state = 'settled';
    job.by = null;
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
  }

  /** Nobody's any more. Behind another of its lane, it is due when its turn comes. */
  free(job: ModelJob, due: number): void {
    job.state = 'free';
    job.by = null;
    job.due = this.firstOf(job.lane) === job ? due : 0;
  }

  /** A process is gone: whatever it had is free. */
  release(process: ProcessNumber): void {
    for (const job of this.jobs) if (job.by === process) this.free(job, 0);
  }

  /** Of those that a process holds, or delivers. */
  of(process: ProcessNumber, state: 'held' | 'claimed'): ModelJob[] {
    return this.jobs.filter((job) => job.by === process && job.state === state);
  }

  /** Why a job must not be handed out now; `null` if it may. */
  objectionTo(id: string, now: number): string | null {
    const job = this.jobs.find((each) => each.id === id);
    if (!job) return 'nobody accepted it';
    if (job.state !== 'free') return `it is ${job.state}`;
    if (job.due > now && job.due - now < HORIZON_MS) return 'it is not due yet';
    const first = this.firstOf(job.lane);
    return first === job ? null : `${first?.id} of its lane comes first`;
  }

  private firstOf(lane: string): ModelJob | undefined {
    return this.jobs.find(
      (each) => each.lane === lane && !['settled', 'forgotten'].includes(each.state),
    );
  }

  get isOver(): boolean {
    return this.jobs.every(({ state }) => ['settled', 'forgotten'].includes(state));
  }

  get stats(): object {
    const open = this.jobs.filter(({ state }) => ['held', 'free', 'claimed'].includes(state));
    const { accepted, dead, outcomes } = this;
    return { accepted, pending: open.length, dead, outcomes };
  }
}
