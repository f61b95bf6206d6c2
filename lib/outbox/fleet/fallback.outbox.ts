import { within } from '../../within.js';
import type { Job, NewJob, SubmittedJob } from '../job.js';
import { sumCounters, type Counter } from '../job-counts.js';
import type { Forgotten, JobCounts, LedgerEntry, OutboxStats, ReplayFilter } from '../ledger.js';
import type {
  Claim,
  Failure,
  GateEvent,
  Outbox,
  OutboxLog,
  StoredIdentity,
  Submitted,
} from '../outbox.js';
import { Persistence } from '../persistence.js';
import type { SettledVerdict } from '../verdict.js';
import type { FleetOutbox } from './fleet.outbox.js';
import type { Grip } from './fleet-store.js';
import { newJobId } from './job-id.js';

const MOVE_EVERY_MS = 1_000;
const MOVE_PAGE = 100;
/** More customers than this may find two jobs of theirs out of order after an outage. */
const MAX_LANES = 10_000;
const COMPLAIN_EVERY_MS = 60_000;
/** How a job ends in the outbox of this machine when the others have it. */
const MOVED = 'moved';

/** What is known here of a job that the fleet's store could not take in time. */
interface Kept {
  /** Its id in the outbox of this machine. */
  readonly localId: string;
  readonly lane: string;
  /** The store may have it all the same. */
  readonly unsure: Grip | null;
}

/**
 * An outbox of a fleet, and one of this machine for the sign-ups that the first can't take in time.
 * These move over as soon as it can. Ids are chosen here: what arrives twice is recognised.
 */
export class FallbackOutbox implements Outbox {
  /** Those whose sign-up isn't decided yet. */
  private readonly kept = new Map<string, Kept>();
  /** Lanes of jobs that have yet to move, and how many there are. */
  private readonly lanes = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private moving: Promise<void> | null = null;
  private saidAt = -Infinity;
  private closed = false;
  /** What an earlier process left in the file may not have moved yet. */
  private hasOlder = true;
  private readonly persistence: Persistence;

  constructor(
    private readonly fleet: FleetOutbox,
    private readonly local: Outbox,
    private readonly log: OutboxLog,
    /** Says what else is in the file. */
    private readonly lookBack: () => Promise<void>,
  ) {
    this.persistence = new Persistence(log);
  }

  get location(): string {
    return `${this.fleet.location}, or ${this.local.location} while that is away`;
  }

  async open(): Promise<void> {
    await this.local.open();
    await this.lookBack();
    await this.fleet.open();
    if (this.closed || this.timer) return;
    this.local.onWork(() => void this.move());
    this.timer = setInterval(() => void this.move(), MOVE_EVERY_MS).unref();
    void this.move();
  }

  identity(): Promise<StoredIdentity> {
    return this.fleet.identity();
  }

  remember(identity: Partial<Omit<StoredIdentity, 'salt'>>): Promise<void> {
    return this.fleet.remember(identity);
  }

  async accept(job: NewJob, replaces?: string): Promise<string> {
    const id = newJobId();
    const replaced = replaces === undefined ? undefined : this.kept.get(replaces);
    // What came before in this lane has to go first.
    if (replaced || this.lanes.has(job.lane)) return this.keep(id, job, null, replaces);
    let unsure: Grip | null = null;
    try {
      return await this.fleet.acceptAs(id, job, replaces, (grip) => (unsure = grip));
    } catch (error) {
      this.sayThatItIsAway(error);
    }
    try {
      return await this.keep(id, job, unsure, replaces);
    } catch (error) {
      if (unsure) this.fleet.giveBackUnsure(unsure);
      throw error;
    }
  }

  async submit(job: SubmittedJob): Promise<Submitted> {
    // It must not overtake the sign-up of its customer.
    if (this.hasOlder || this.lanes.has(job.lane)) await within(MOVE_EVERY_MS, this.move());
    return this.fleet.submit(job);
  }

  release(id: string): void {
    const kept = this.kept.get(id);
    if (!kept) return this.fleet.release(id);
    this.kept.delete(id);
    this.local.release(kept.localId);
    if (kept.unsure) this.fleet.giveBackUnsure(kept.unsure);
  }

  async discard(id: string): Promise<boolean> {
    const kept = this.kept.get(id);
    if (!kept) return this.fleet.discard(id);
    this.drop(id, kept);
    return this.local.discard(kept.localId);
  }

  claim(max: number): Promise<Claim> {
    return this.fleet.claim(max);
  }

  isOurs(job: Job): boolean {
    return this.fleet.isOurs(job);
  }

  note(job: Job, progress: string): Promise<boolean> {
    return this.fleet.note(job, progress);
  }

  settle(job: Job, verdict: SettledVerdict): Promise<boolean> {
    return this.fleet.settle(job, verdict);
  }

  fail(job: Job, failure: Failure): Promise<'postponed' | 'dead' | 'lost'> {
    return this.fleet.fail(job, failure);
  }

  handBack(jobs: readonly Job[]): Promise<void> {
    return this.fleet.handBack(jobs);
  }

  report(event: GateEvent): Promise<void> {
    return this.fleet.report(event);
  }

  onWork(listener: (() => void) | null): void {
    this.fleet.onWork(listener);
  }

  /** What waits on this machine counts too; on others, only there. */
  async stats(): Promise<OutboxStats> {
    const [fleet, local] = await Promise.all([this.fleet.stats(), this.local.stats()]);
    const counters = [...countersOf(fleet.kinds), ...countersOf(local.kinds)];
    const oldest = [fleet.oldestPendingAt, local.oldestPendingAt].filter((at) => at !== null);
    return {
      ...fleet,
      ...sumCounters(counters),
      oldestPendingAt: oldest.toSorted((a, b) => a.getTime() - b.getTime())[0] ?? null,
      location: this.location,
      storage: fleet.storage.ok ? local.storage : fleet.storage,
    };
  }

  async find(customerKey: string): Promise<LedgerEntry[]> {
    const [fleet, local] = await Promise.all([
      this.fleet.find(customerKey),
      this.local.find(customerKey),
    ]);
    const { program } = this.fleet.context;
    const waiting = local.filter(({ outcome }) => outcome !== MOVED);
    return [...waiting.map((entry) => ({ ...entry, program })), ...fleet];
  }

  dead(): AsyncIterable<LedgerEntry> {
    return this.fleet.dead();
  }

  replay(filter: ReplayFilter): Promise<number> {
    return this.fleet.replay(filter);
  }

  async forget(customerKey: string): Promise<Forgotten> {
    const local = await this.local.forget(customerKey);
    const fleet = await this.fleet.forget(customerKey);
    return {
      forgotten: local.forgotten + fleet.forgotten,
      underWay: local.underWay + fleet.underWay,
    };
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    this.persistence.stop();
    this.local.onWork(null);
    // What is just moving then finds the store closed, and stays.
    await this.fleet.close();
    await this.moving;
    await this.local.close();
  }

  private async keep(
    id: string,
    job: NewJob,
    unsure: Grip | null,
    replaces: string | undefined,
  ): Promise<string> {
    const payload = JSON.stringify({ id, payload: job.payload });
    const replaced = replaces === undefined ? undefined : this.kept.get(replaces);
    const localId = await this.local.accept({ ...job, payload }, replaced?.localId);
    this.kept.set(id, { localId, lane: job.lane, unsure });
    if (this.lanes.size < MAX_LANES) this.lanes.set(job.lane, 1 + (this.lanes.get(job.lane) ?? 0));
    if (replaced) this.drop(replaces!, replaced);
    else if (replaces !== undefined) void this.fleet.discard(replaces);
    return id;
  }

  /** One that won't move. */
  private drop(id: string, { lane, unsure }: Kept): void {
    this.kept.delete(id);
    this.leaveLane(lane);
    if (unsure) void this.fleet.discardAs(unsure);
  }

  private leaveLane(lane: string): void {
    const left = (this.lanes.get(lane) ?? 0) - 1;
    if (left > 0) this.lanes.set(lane, left);
    else this.lanes.delete(lane);
  }

  /** Moves what is released, as long as the fleet's store takes it. One at a time. */
  private move(): Promise<void> {
    this.moving ??= this.moveAll().finally(() => (this.moving = null));
    return this.moving;
  }

  private async moveAll(): Promise<void> {
    let moved = 0;
    try {
      for (;;) {
        const { jobs } = await this.local.claim(MOVE_PAGE);
        if (jobs.length === 0) break;
        moved += await this.moveSome(jobs);
      }
      this.hasOlder = false;
    } catch {
      // Tried again in a second.
    }
    if (moved > 0) {
      this.log.log(`${moved} accepted jobs have moved from ${this.local.location} to the fleet.`);
    }
  }

  private async moveSome(jobs: readonly Job[]): Promise<number> {
    const results = await Promise.allSettled(jobs.map((job) => this.moveOne(job)));
    const left = jobs.filter((_, i) => results[i]?.status === 'rejected');
    if (left.length === 0) return jobs.length;
    await this.persistence.keepTrying(() => this.local.handBack(left));
    throw new Error('some could not be moved');
  }

  private async moveOne(job: Job): Promise<void> {
    const { id, payload } = JSON.parse(job.payload) as { id: string; payload: string };
    const { kind, lane, referralKey, acceptedAt } = job;
    await this.fleet.takeOver(id, { kind, lane, referralKey, payload, acceptedAt });
    await this.local.settle(job, { type: 'settled', outcome: MOVED, requests: 0, forgets: true });
    this.leaveLane(lane);
  }

  private sayThatItIsAway(error: unknown): void {
    const now = performance.now();
    if (now - this.saidAt < COMPLAIN_EVERY_MS) return;
    this.saidAt = now;
    const why = error instanceof Error ? error.message : 'unknown error';
    this.log.warn(
      `${this.fleet.location} doesn't take sign-ups in time (${why}); they are kept in ` +
        `${this.local.location}, and move over as soon as it does.`,
    );
  }
}

/** What moved is counted where it went. */
function countersOf(kinds: Readonly<Record<string, JobCounts>>): Counter[] {
  return Object.entries(kinds).flatMap(([kind, { accepted, pending, dead, outcomes }]) => {
    const { [MOVED]: moved = 0, ...rest } = outcomes;
    const counted = { ...rest, accepted: accepted - moved, pending, dead };
    return Object.entries(counted).map(([outcome, n]) => ({ kind, outcome, n }));
  });
}
