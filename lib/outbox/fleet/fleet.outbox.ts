import { randomBytes } from 'node:crypto';
import { HandOver } from '../hand-over.js';
import type { Job, NewJob, SubmittedJob } from '../job.js';
import type { Forgotten, LedgerEntry, OutboxStats, ReplayFilter } from '../ledger.js';
import { LedgerKeeper } from '../ledger-keeper.js';
import type {
  Claim,
  Failure,
  GateEvent,
  Outbox,
  OutboxContext,
  StoredIdentity,
  Submitted,
} from '../outbox.js';
import { Persistence } from '../persistence.js';
import { StorageWatch } from '../storage-watch.js';
import { SurplusTimer } from '../surplus-timer.js';
import type { SettledVerdict } from '../verdict.js';
import { FleetStoreError } from './fleet-store.error.js';
import type { FleetClaim, FleetStore, Grip } from './fleet-store.js';
import { Fences } from './fences.js';
import { newJobId } from './job-id.js';
import { Lease } from './lease.js';
import { Unsure } from './unsure.js';

/** How long another process's jobs, or its closing of the gate, may go unnoticed. */
const POLL_MS = 1_000;

const NOTHING: Claim = { jobs: [], testing: false, probeKey: false, wakeAt: null };

/** A grip, and since when this process has it. */
type Held = Grip & { readonly since: number };

/** What a process does with a store that several machines share: one program's view of it. */
export class FleetOutbox implements Outbox {
  private readonly handOver = new HandOver();
  /** Of the jobs that are held, ready, or being delivered. */
  private readonly grips = new Map<string, Held>();
  /** A job object that was handed out, and what it was handed out under. */
  private readonly given = new WeakMap<Job, Held>();
  private readonly persistence: Persistence;
  private readonly storage: StorageWatch;
  private readonly lease: Lease;
  private readonly fences: Fences;
  private opening: Promise<void> | null = null;
  private workListener: (() => void) | null = null;
  private readonly surplus: SurplusTimer;
  private ledger: LedgerKeeper | undefined;
  /** What the store said last, and how long it may be relied on. */
  private known = { open: false, quietUntil: 0 };
  private readonly unsure = new Unsure<Grip>();
  private closed = false;

  constructor(
    readonly context: OutboxContext,
    private readonly store: FleetStore,
    owner: string,
    leaseMs: number,
  ) {
    this.fences = new Fences(owner);
    this.persistence = new Persistence(context.log);
    this.storage = new StorageWatch(store.location, context.log);
    this.surplus = new SurplusTimer(this.handOver, ({ heads, others }) =>
      this.giveBack([...heads, ...others].flatMap((id) => this.grips.get(id) ?? [])),
    );
    this.lease = new Lease(leaseMs, () => this.beat());
  }

  get location(): string {
    return this.store.location;
  }

  open(): Promise<void> {
    this.opening ??= this.start();
    return this.opening;
  }

  identity(): Promise<StoredIdentity> {
    return this.store.enroll(randomBytes(16).toString('hex'));
  }

  remember(identity: Partial<Omit<StoredIdentity, 'salt'>>): Promise<void> {
    return this.store.remember(identity);
  }

  accept(job: NewJob, replaces?: string): Promise<string> {
    // It may be there all the same, and would wait for this process for ever.
    return this.acceptAs(newJobId(), job, replaces, (grip) => this.giveBackUnsure(grip));
  }

  /** @param onUnsure told, before this rejects, if the job may be there all the same */
  async acceptAs(
    id: string,
    job: NewJob,
    replaces: string | undefined,
    onUnsure: (grip: Grip) => void,
  ): Promise<string> {
    await this.open();
    const grip = { id, fence: this.fences.next(), since: performance.now() };
    const replaced = replaces === undefined ? undefined : this.grips.get(replaces);
    try {
      const head = await this.storage.write(this.store.accept(job, grip, replaced));
      if (replaces !== undefined) this.drop(replaces);
      this.grips.set(id, grip);
      this.handOver.hold(id, job, head);
      return id;
    } catch (error) {
      if (error instanceof FleetStoreError && error.fateUnknown) onUnsure(grip);
      throw error;
    }
  }

  /** Takes over a released job from another outbox; nothing is done if its id is known already. */
  async takeOver(id: string, job: NewJob): Promise<void> {
    await this.storage.write(this.store.takeOver(job, id));
    this.lookAgain();
  }

  async submit(job: SubmittedJob): Promise<Submitted> {
    await this.open();
    const submitted = await this.storage.write(this.store.submit(job, newJobId()));
    if (submitted.outcome === null) this.lookAgain();
    return submitted;
  }

  release(id: string): void {
    const grip = this.grips.get(id);
    // Others may have taken it over meanwhile.
    if (grip && !this.lease.covers(grip.since)) {
      if (this.drop(id)) this.giveBack([grip]);
      return;
    }
    const where = this.handOver.release(id, this.workListener !== null);
    if (where === 'ready') this.workListener?.();
    if (where === 'surplus') this.surplus.soon();
  }

  async discard(id: string): Promise<boolean> {
    const grip = this.grips.get(id);
    if (!grip || !this.drop(id)) return false;
    return this.discardAs(grip);
  }

  async discardAs(grip: Grip): Promise<boolean> {
    const ours = await this.persistence.keepTrying(() =>
      this.storage.write(this.store.discard(grip)),
    );
    this.lookAgain();
    return ours ?? false;
  }

  async claim(max: number): Promise<Claim> {
    if (this.closed) return NOTHING;
    const now = Date.now();
    const since = performance.now();
    const quiet = now < this.known.quietUntil && this.known.quietUntil - now <= POLL_MS;
    if (quiet && this.known.open) {
      const jobs = this.takeReady(max);
      return { jobs, testing: false, probeKey: false, wakeAt: this.known.quietUntil };
    }
    const reply = await this.ask(max);
    if (!reply) return NOTHING;
    const claimed = reply.jobs.map(({ job, grip }) => this.give(job, grip, since));
    const jobs = [...claimed, ...this.takeReady(reply.allowed)];
    const wakeAt = Math.min(reply.wakeAt ?? Infinity, now + POLL_MS);
    // With more to fetch, or a gate that is closed, each claim asks the store.
    const quietUntil = claimed.length < max && reply.open ? wakeAt : 0;
    this.known = { open: reply.open, quietUntil };
    return { jobs, testing: reply.testing, probeKey: reply.probeKey, wakeAt };
  }

  isOurs(job: Job): boolean {
    return this.lease.covers(this.gripOf(job)?.since ?? -Infinity);
  }

  note(job: Job, progress: string): Promise<boolean> {
    const grip = this.gripOf(job);
    if (!grip) return Promise.resolve(false);
    return this.storage.write(this.store.note(grip, progress));
  }

  async settle(job: Job, verdict: SettledVerdict): Promise<boolean> {
    const { outcome, reason = null, detail, requests = 1 } = verdict;
    const { freesKey = false, forgets = false } = verdict;
    const grip = this.gripOf(job);
    if (!grip) return false;
    const ours = await this.storage.write(
      this.store.settle(grip, {
        lane: job.lane,
        outcome,
        reason,
        detail: detail ? JSON.stringify(detail) : null,
        requests,
        freesKey,
        forgets,
      }),
    );
    this.forgetGrip(grip);
    this.lookAgain();
    return ours;
  }

  async fail(job: Job, failure: Failure): Promise<'postponed' | 'dead' | 'lost'> {
    const grip = this.gripOf(job);
    if (!grip) return 'lost';
    const result = await this.storage.write(this.store.fail(grip, failure));
    this.forgetGrip(grip);
    this.lookAgain();
    return result;
  }

  async handBack(jobs: readonly Job[]): Promise<void> {
    const grips = jobs.flatMap((job) => this.gripOf(job) ?? []);
    await this.storage.write(this.store.free(grips));
    for (const grip of grips) this.forgetGrip(grip);
    this.lookAgain();
  }

  async report(event: GateEvent): Promise<void> {
    await this.storage.write(this.store.report(event, this.context.keyHash()));
    this.lookAgain();
  }

  onWork(listener: (() => void) | null): void {
    this.workListener = listener;
  }

  async stats(): Promise<OutboxStats> {
    await this.open();
    const stored = await this.storage.write(this.store.stats(this.context.keyHash()));
    const storage = { ok: this.storage.problem === null, problem: this.storage.problem };
    return { ...stored, program: this.context.program, location: this.location, storage };
  }

  async find(customerKey: string): Promise<LedgerEntry[]> {
    await this.open();
    return this.storage.read(this.store.find(customerKey));
  }

  async *dead(): AsyncIterable<LedgerEntry> {
    await this.open();
    for (let last: LedgerEntry | undefined; ;) {
      const page: LedgerEntry[] = await this.storage.read(this.store.dead(last ?? null));
      yield* page;
      last = page.at(-1);
      if (!last) return;
    }
  }

  async replay(filter: ReplayFilter): Promise<number> {
    await this.open();
    const revived = await this.storage.write(this.store.replay(filter));
    this.lookAgain();
    return revived;
  }

  async forget(customerKey: string): Promise<Forgotten> {
    await this.open();
    return this.storage.write(this.store.forget(customerKey));
  }

  async close(): Promise<void> {
    if (this.closed || !this.opening) return;
    this.closed = true;
    this.storage.end();
    this.ledger?.stop();
    this.lease.stop();
    this.surplus.stop();
    this.persistence.stop();
    await this.opening.catch(() => {});
    this.handOver.takeAll();
    await this.store.close([...this.grips.values()]);
  }

  /**
   * Somebody may deliver them. Nobody waits for it, and it must not be forgotten: the jobs would wait
   * for the end of this process.
   */
  giveBack(grips: readonly Grip[]): void {
    for (const grip of grips) this.forgetGrip(grip);
    const free = async () => {
      // At the end, what can't be told any more is found out by the others.
      if (!this.closed) await this.storage.write(this.store.free(grips));
    };
    void this.persistence.keepTrying(free).then(() => this.lookAgain());
  }

  /** The same for a job that may be there, or land later. */
  giveBackUnsure(grip: Grip): void {
    this.unsure.add(grip);
    this.giveBack([grip]);
  }

  private async beat(): Promise<void> {
    await this.storage.write(this.store.beat());
    await this.store.free(this.unsure.current());
  }

  private async start(): Promise<void> {
    try {
      await this.store.open();
    } catch (error) {
      if (!(error instanceof FleetStoreError)) throw error;
      this.storage.notice(error);
    }
    this.lease.start();
    // What this process leaves behind when it dies is found by the programs that the store knows.
    void this.persistence.keepTrying(() => this.storage.write(this.identity()));
    this.ledger = new LedgerKeeper(this.context.ledgerDays, (_, after) => this.store.clean(after));
  }

  /** What may be delivered now; `null` at the end. */
  private async ask(want: number): Promise<FleetClaim | null> {
    const ready = this.handOver.readyCount;
    const keyHash = this.context.keyHash();
    try {
      const asked = this.store.claim({ want, ready, newFence: () => this.fences.next(), keyHash });
      return await this.storage.read(asked);
    } catch (error) {
      if (this.closed) return null;
      throw error;
    }
  }

  private takeReady(max: number): Job[] {
    const jobs = this.handOver.take(max);
    const [ours, lost]: [Job[], Grip[]] = [[], []];
    for (const job of jobs) {
      const grip = this.grips.get(job.id);
      if (grip && this.lease.covers(grip.since)) ours.push(this.give(job, grip, grip.since));
      else if (grip) lost.push(grip);
    }
    // Nobody was told for a while that this process lives: let the store say whose they are.
    if (lost.length > 0) this.giveBack(lost);
    return ours;
  }

  private give(job: Job, grip: Grip, since: number): Job {
    const held = { ...grip, since };
    this.grips.set(job.id, held);
    this.given.set(job, held);
    return job;
  }

  private gripOf(job: Job): Held | undefined {
    return this.given.get(job) ?? this.grips.get(job.id);
  }

  private forgetGrip({ id, fence }: Grip): void {
    if (this.grips.get(id)?.fence === fence) this.grips.delete(id);
  }

  /** False if it isn't held (any more). */
  private drop(id: string): boolean {
    return this.handOver.drop(id) && this.grips.delete(id);
  }

  private lookAgain(): void {
    this.known = { open: false, quietUntil: 0 };
    this.workListener?.();
  }
}
