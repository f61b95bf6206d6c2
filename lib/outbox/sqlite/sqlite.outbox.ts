import { randomBytes } from 'node:crypto';
import { PartneroConfigurationError } from '../../partnero.configuration-error.js';
import type { Job, NewJob, SubmittedJob } from '../job.js';
import type { Forgotten, LedgerEntry, OutboxStats, ReplayFilter } from '../ledger.js';
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
import type { SettledVerdict } from '../verdict.js';
import { HandOver, type Surplus } from '../hand-over.js';
import { LedgerKeeper } from '../ledger-keeper.js';
import { describeNote } from './open-notes.js';
import type { ClaimReply, OpenReply, WorkerSettings } from './protocol.js';
import { toLedgerEntry, toStats } from './stored.js';
import { StorageWatch } from '../storage-watch.js';
import { SurplusTimer } from '../surplus-timer.js';
import { SqliteEngine } from './sqlite.engine.js';
import { SqliteOutboxError } from './sqlite-failure.js';

/** How long another process's jobs, or its closing of the gate, may go unnoticed. */
const POLL_MS = 1_000;

/** One program's view of an outbox file. */
export class SqliteOutbox implements Outbox {
  readonly location: string;
  private engine!: SqliteEngine;
  private opening: Promise<void> | null = null;
  private readonly handOver = new HandOver();
  private readonly claimed = new Set<string>();
  private readonly persistence: Persistence;
  private readonly storage: StorageWatch;
  private workListener: (() => void) | null = null;
  private readonly surplus: SurplusTimer;
  private readonly subscriptions: (() => void)[] = [];
  private ledger: LedgerKeeper | undefined;
  /** What the file said last, and how long it may be relied on. */
  private known = { open: false, quietUntil: 0 };
  private isOpen = false;
  private closed = false;

  constructor(
    private readonly context: OutboxContext,
    private readonly settings: WorkerSettings,
  ) {
    this.location = settings.path;
    this.persistence = new Persistence(context.log);
    this.storage = new StorageWatch(settings.path, context.log);
    this.surplus = new SurplusTimer(this.handOver, (surplus) => this.giveUp(surplus));
  }

  open(): Promise<void> {
    this.opening ??= this.start();
    return this.opening;
  }

  async identity(): Promise<StoredIdentity> {
    const salt = randomBytes(16).toString('hex');
    return this.engine.call('enroll', this.context.program, { salt });
  }

  remember(identity: Partial<Omit<StoredIdentity, 'salt'>>): Promise<void> {
    return this.engine.call('remember', this.context.program, identity);
  }

  accept(job: NewJob, replaces?: string): Promise<string> {
    if (this.isOpen && !this.closed) return this.acceptNow(job, replaces);
    return this.open().then(() => this.acceptNow(job, replaces));
  }

  async submit(job: SubmittedJob): Promise<Submitted> {
    await this.open();
    const ask = { job, now: Date.now() };
    const submitted = await this.storage.write(
      this.engine.call('submit', this.context.program, ask),
    );
    if (submitted.outcome === null) this.lookAgain();
    return submitted;
  }

  release(id: string): void {
    const where = this.handOver.release(id, this.workListener !== null);
    if (where === 'ready') this.workListener?.();
    if (where === 'surplus') this.surplus.soon();
  }

  async discard(id: string): Promise<boolean> {
    if (!this.handOver.drop(id)) return false;
    const { program } = this.context;
    const result = await this.persistence.keepTrying(() =>
      this.storage.write(this.engine.call('discard', program, { id, now: Date.now() })),
    );
    if (result?.promoted) this.lookAgain();
    return result?.ours ?? false;
  }

  async claim(max: number): Promise<Claim> {
    const now = Date.now();
    const quiet = now < this.known.quietUntil && this.known.quietUntil - now <= POLL_MS;
    if (quiet && this.known.open) {
      const jobs = this.takeReady(max);
      return { jobs, testing: false, probeKey: false, wakeAt: this.known.quietUntil };
    }
    const reply = await this.storage.read(this.askToClaim(max, now));
    const jobs = [...reply.jobs, ...this.takeReady(reply.allowed)];
    for (const job of reply.jobs) this.claimed.add(job.id);
    const wakeAt = Math.min(reply.wakeAt ?? Infinity, now + POLL_MS);
    // With more to fetch, or a gate that is closed, each claim asks the file.
    const quietUntil = reply.jobs.length < max && reply.open ? wakeAt : 0;
    this.known = { open: reply.open, quietUntil };
    return { jobs, testing: reply.testing, probeKey: reply.probeKey, wakeAt };
  }

  note(job: Job, progress: string): Promise<boolean> {
    const ask = { id: job.id, progress };
    return this.storage.write(this.engine.call('note', this.context.program, ask));
  }

  async settle(job: Job, verdict: SettledVerdict): Promise<boolean> {
    const { outcome, reason = null, detail, requests = 1 } = verdict;
    const { freesKey = false, forgets = false } = verdict;
    const { ours, promoted } = await this.storage.write(
      this.engine.call('settle', this.context.program, {
        id: job.id,
        outcome,
        reason,
        detail: detail ? JSON.stringify(detail) : null,
        requests,
        freesKey,
        forgets,
        now: Date.now(),
      }),
    );
    this.claimed.delete(job.id);
    if (promoted) this.lookAgain();
    return ours;
  }

  async fail(job: Job, failure: Failure): Promise<'postponed' | 'dead' | 'lost'> {
    const result = await this.storage.write(
      this.engine.call('fail', this.context.program, {
        ...failure,
        id: job.id,
        now: Date.now(),
      }),
    );
    this.claimed.delete(job.id);
    this.lookAgain();
    return result;
  }

  async handBack(jobs: readonly Job[]): Promise<void> {
    const ids = jobs.map(({ id }) => id);
    const ask = { heads: [], others: ids, now: Date.now() };
    await this.storage.write(this.engine.call('free', this.context.program, ask));
    for (const id of ids) this.claimed.delete(id);
    this.lookAgain();
  }

  async report(event: GateEvent): Promise<void> {
    const keyHash = this.context.keyHash();
    await this.storage.write(
      this.engine.call('report', this.context.program, { event, keyHash, now: Date.now() }),
    );
    this.lookAgain();
  }

  onWork(listener: (() => void) | null): void {
    this.workListener = listener;
  }

  async stats(): Promise<OutboxStats> {
    await this.open();
    const { program } = this.context;
    const now = Date.now();
    if (this.storage.problem !== null) {
      // It may have passed, with nothing to write since.
      await this.storage.write(this.engine.call('touch', program, { now })).catch(() => {});
    }
    const keyHash = this.context.keyHash();
    const stored = await this.storage.read(this.engine.call('stats', program, { now, keyHash }));
    const { problem } = this.storage;
    return {
      ...toStats(stored),
      program,
      location: this.location,
      storage: { ok: problem === null, problem },
    };
  }

  async find(customerKey: string): Promise<LedgerEntry[]> {
    await this.open();
    const entries = this.engine.call('find', this.context.program, { customerKey });
    return (await this.storage.read(entries)).map(toLedgerEntry);
  }

  async *dead(): AsyncIterable<LedgerEntry> {
    await this.open();
    for (let after = '0'; ;) {
      const page = await this.storage.read(
        this.engine.call('dead', this.context.program, { after }),
      );
      yield* page.map(toLedgerEntry);
      const last = page.at(-1);
      if (!last) return;
      after = last.id;
    }
  }

  async replay(filter: ReplayFilter): Promise<number> {
    await this.open();
    const ask = { filter, now: Date.now() };
    const revived = await this.storage.write(this.engine.call('replay', this.context.program, ask));
    this.lookAgain();
    return revived;
  }

  async forget(customerKey: string): Promise<Forgotten> {
    await this.open();
    // What is only at hand, since nothing is sent just now, isn't under way.
    this.handOver.giveUp(customerKey);
    this.surplus.giveUpNow();
    const ask = { customerKey, now: Date.now() };
    return this.storage.write(this.engine.call('forget', this.context.program, ask));
  }

  async close(): Promise<void> {
    if (this.closed || !this.opening) return;
    this.closed = true;
    this.storage.end();
    this.ledger?.stop();
    for (const unsubscribe of this.subscriptions) unsubscribe();
    this.surplus.stop();
    this.persistence.stop();
    await this.opening.catch(() => {});
    const { heads, others } = this.handOver.takeAll();
    const ask = { heads, others: [...others, ...this.claimed], now: Date.now() };
    // If that fails, the next process takes them over.
    await this.engine.call('free', this.context.program, ask).catch(() => {});
    await this.engine.release();
  }

  private async start(): Promise<void> {
    this.engine = await SqliteEngine.acquire(this.settings);
    this.subscriptions.push(
      this.engine.onRecovered(() => this.lookAgain()),
      this.engine.onNote((note) => describeNote(note, this.location, this.context.log)),
    );
    const reply = await this.tryOpening();
    if (!reply.opened) this.refuse(reply);
    this.isOpen = true;
    // What this process leaves behind when it dies is found by the programs that the file knows.
    await this.identity().catch(() => {});
    this.ledger = new LedgerKeeper(this.context.ledgerDays, (before, after, now) =>
      this.engine.call('purge', this.context.program, { before, after, now }),
    );
  }

  private async tryOpening(): Promise<OpenReply> {
    try {
      return await this.engine.open();
    } catch (error) {
      const { failure } = error as SqliteOutboxError;
      return { opened: false, existed: false, failure, notes: [] };
    }
  }

  /** A path that never worked is a mistake in the set-up; one that did may work again. */
  private refuse({ failure, existed }: OpenReply): void {
    const error = new SqliteOutboxError(failure ?? { code: 'UNKNOWN', message: 'unknown error' });
    if (existed) return this.storage.notice(error);
    throw new PartneroConfigurationError(
      `The outbox file ${this.location} can't be made: ${error.message}. ` +
        'Give a path on a disk that this process may write to, with sqliteOutbox({ path }) or ' +
        'PARTNERO_OUTBOX_PATH. Where there is no such disk (serverless), use inlineOutbox().',
    );
  }

  private askToClaim(max: number, now: number): Promise<ClaimReply> {
    return this.engine.call('claim', this.context.program, {
      now,
      want: max,
      ready: this.handOver.readyCount,
      keyHash: this.context.keyHash(),
      requestsPerMinute: this.context.requestsPerMinute,
      maxBackoffMs: this.context.maxBackoffMs,
    });
  }

  private takeReady(max: number): Job[] {
    const jobs = this.handOver.take(max);
    for (const job of jobs) this.claimed.add(job.id);
    return jobs;
  }

  private acceptNow(job: NewJob, replaces: string | undefined): Promise<string> {
    const { kind, lane, referralKey, payload, acceptedAt } = job;
    const request = [kind, lane, referralKey, payload, acceptedAt, replaces] as const;
    return this.engine.call('accept', this.context.program, request).then(
      (number) => {
        this.storage.problem = null;
        const id = String(Math.abs(number));
        if (replaces !== undefined) this.handOver.drop(replaces);
        this.handOver.hold(id, job, number > 0);
        return id;
      },
      (error: unknown) => {
        this.storage.notice(error);
        throw error;
      },
    );
  }

  /** Nobody waits for it, and it must not be forgotten: else the jobs wait for the next start. */
  private giveUp(surplus: Surplus): void {
    const { program } = this.context;
    void this.persistence
      .keepTrying(() =>
        this.storage.write(this.engine.call('free', program, { ...surplus, now: Date.now() })),
      )
      .then(() => this.lookAgain());
  }

  private lookAgain(): void {
    this.known = { open: false, quietUntil: 0 };
    this.workListener?.();
  }
}
