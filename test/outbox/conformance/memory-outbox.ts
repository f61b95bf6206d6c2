import { AsyncLocalStorage } from 'node:async_hooks';
import type { Delivery, DeliveryControl } from '#lib/outbox/delivery.js';
import type { DeliveryResult, JobEnd } from '#lib/outbox/delivery-result.js';
import type { Forgotten, HistoryEntry, OutboxStats, RequeueFilter } from '#lib/outbox/history.js';
import type { NewJob, SubmittedJob } from '#lib/outbox/job.js';
import type { OutboxDefinition, OutboxEngine, Submitted } from '#lib/outbox/outbox-engine.js';
import { OutboxError } from '#lib/outbox/outbox.error.js';
import { MemoryPauses } from './memory-pauses.js';
import { DISCARDED, type MemoryStore, type Row, toEntry, toJob } from './memory-store.js';

/** For attempts that don't end when they are aborted. */
const ABORT_MS = 500;
const MAX_FOUND = 1_000;

class ClosedError extends OutboxError {
  override readonly reason = 'closed';
}

/** An outbox that keeps to the whole contract, and saves nothing: an example of an engine of your own. */
export class MemoryOutbox implements OutboxEngine {
  readonly location = 'memory';
  protected delivery: Delivery | undefined;
  protected pauses: MemoryPauses | undefined;
  private readonly sending = new Set<Promise<void>>();
  private readonly aborted = new AbortController();
  protected readonly wake = () => this.inContext(() => this.pump());
  protected inContext: ReturnType<typeof AsyncLocalStorage.snapshot> = AsyncLocalStorage.snapshot();
  private state: 'open' | 'drained' | 'closed' = 'open';
  private timer: NodeJS.Timeout | undefined;

  constructor(
    protected readonly store: MemoryStore,
    protected readonly program: string,
  ) {}

  open(): Promise<void> {
    const { programIds } = this.store;
    programIds.set(this.program, programIds.get(this.program) ?? null);
    return Promise.resolve();
  }

  programId(): Promise<string | null> {
    return Promise.resolve(this.store.programIds.get(this.program) ?? null);
  }

  saveProgramId(id: string): Promise<void> {
    this.store.programIds.set(this.program, id);
    return Promise.resolve();
  }

  async enqueue(job: NewJob, replaces?: string): Promise<string> {
    if (this.state === 'closed') throw new ClosedError('The outbox is closed.');
    if (replaces !== undefined) this.discardNow(replaces);
    return this.store.add(this.program, job, this).id;
  }

  release(id: string): void {
    const row = this.heldRow(id);
    if (row) this.store.free(row);
    this.store.wake();
  }

  async discard(id: string): Promise<boolean> {
    return this.discardNow(id);
  }

  async submit(job: SubmittedJob): Promise<Submitted> {
    if (this.state === 'closed') throw new ClosedError('The outbox is closed.');
    const submitted = this.store.submit(this.program, job);
    this.store.wake();
    return submitted;
  }

  start(delivery: Delivery): DeliveryControl {
    this.inContext = AsyncLocalStorage.snapshot();
    this.delivery = delivery;
    const pauses = this.makePauses(delivery);
    this.pauses = pauses;
    this.store.onWork.add(this.wake);
    // After the caller had a chance to pause.
    queueMicrotask(this.wake);
    return {
      pause: (reason) => pauses.set(reason),
      resume: () => pauses.set(null),
      drain: (capMs) => this.drain(capMs),
    };
  }

  stats(): Promise<OutboxStats> {
    const { all, jobs } = this.store.counts(this.program);
    const pending = this.store.of(this.program).filter(({ end }) => end === null);
    const oldest = Math.min(...pending.map(({ queuedAt }) => queuedAt));
    return Promise.resolve({
      ...all,
      jobs,
      program: this.program,
      location: this.location,
      oldestPendingAt: pending.length > 0 ? new Date(oldest) : null,
      paused: this.pauses?.current ?? null,
      storage: { ok: true, problem: null },
    });
  }

  async find(orderingKey: string): Promise<HistoryEntry[]> {
    const rows = this.store.of(this.program).filter((row) => row.orderingKey === orderingKey);
    return rows.toReversed().slice(0, MAX_FOUND).map(toEntry);
  }

  async recent(limit: number): Promise<HistoryEntry[]> {
    return this.store.of(this.program).toReversed().slice(0, limit).map(toEntry);
  }

  async *deadLetters(): AsyncIterable<HistoryEntry> {
    for (const row of this.store.of(this.program)) if (row.state === 'dead') yield toEntry(row);
  }

  async requeue(filter: RequeueFilter): Promise<number> {
    const count = this.store.requeue(this.program, filter);
    this.store.wake();
    return count;
  }

  async forget(orderingKey: string, keeps?: string): Promise<Forgotten> {
    const states = ['pending', 'dead', 'completed'] as const;
    const forgotten = this.store.forget(this.program, orderingKey, states, keeps);
    const rows = this.store.of(this.program).filter((row) => row.orderingKey === orderingKey);
    this.store.wake();
    return { forgotten, inFlight: rows.length };
  }

  close(): Promise<void> {
    this.stop('closed');
    return Promise.resolve();
  }

  /** Whether a job that is the first of its ordering key may be sent now. */
  protected isDue(row: Row): boolean {
    return row.state === 'pending' && row.dueAt <= Date.now();
  }

  /** The jobs that come next in their ordering keys. */
  protected candidates(): Row[] {
    return this.store.heads(this.program);
  }

  protected ended(row: Row, end: JobEnd): void {
    this.store.end(row, end);
    this.delivery?.onEnd(toJob(row), end);
  }

  protected makePauses(delivery: Delivery): MemoryPauses {
    return new MemoryPauses(delivery, this.wake);
  }

  protected discardNow(id: string): boolean {
    const row = this.heldRow(id);
    if (!row) return false;
    this.store.end(row, DISCARDED);
    this.store.wake();
    return true;
  }

  protected heldRow(id: string): Row | undefined {
    const row = this.store.get(this.program, id);
    return row?.state === 'held' && row.owner === this ? row : undefined;
  }

  private pump(): void {
    const { pauses } = this;
    if (!pauses || this.state !== 'open') return;
    if (pauses.keyIsDue) void pauses.checkKey().then(this.wake);
    const { count, askAgainAt } = pauses.allows(this.sending.size);
    const candidates = count > 0 ? this.candidates() : [];
    for (const row of candidates.filter((each) => this.isDue(each)).slice(0, count)) this.send(row);
    const waiting = candidates.filter((row) => row.state === 'pending').map(({ dueAt }) => dueAt);
    const next = Math.min(askAgainAt ?? Infinity, ...waiting);
    clearTimeout(this.timer);
    if (next < Infinity) this.timer = setTimeout(this.wake, Math.max(1, next - Date.now()));
  }

  private send(row: Row): void {
    const claim = Symbol(row.id);
    Object.assign(row, { state: 'sending', owner: this, claim });
    this.pauses?.spend();
    const sent = this.attempt(row, claim).finally(() => {
      this.sending.delete(sent);
      this.store.wake();
    });
    this.sending.add(sent);
  }

  private async attempt(row: Row, claim: symbol): Promise<void> {
    const isOurs = () => this.isOurs(row, claim);
    const save = async (progress: string) => {
      if (isOurs()) row.checkpoint = progress;
      return isOurs();
    };
    const result = await this.delivery!.deliver(toJob(row), this.aborted.signal, { save });
    if (!isOurs()) return;
    if (this.state !== 'open' && result.type !== 'completed') this.store.free(row);
    else await this.apply(row, result);
  }

  protected isOurs(row: Row, claim: symbol): boolean {
    return row.claim === claim;
  }

  protected async apply(row: Row, result: DeliveryResult): Promise<void> {
    switch (result.type) {
      case 'completed':
        this.pauses!.responded();
        return this.ended(row, result);
      case 'defer':
        return this.store.free(row, Date.now() + result.ms);
      case 'rateLimited':
        this.pauses!.rateLimited(result.retryAfterMs);
        return this.store.free(row);
      case 'unauthorized': {
        const check = this.pauses!.checkKey();
        this.store.free(row, Date.now() + this.delivery!.initialBackoffMs);
        return check;
      }
      case 'retry':
        if (!result.jobOnly) this.pauses!.failed();
        return this.retry(row, result.reason, result.afterMs ?? 0);
    }
  }

  protected retry(row: Row, reason: string, afterMs: number): void {
    const { initialBackoffMs, maxBackoffMs, maxAgeMs } = this.delivery!;
    row.failedAt ??= Date.now();
    if (Date.now() - row.failedAt > maxAgeMs) return this.ended(row, { type: 'dead', reason });
    const backoffMs = Math.min(maxBackoffMs, initialBackoffMs * 2 ** row.attempts) * Math.random();
    row.attempts += 1;
    row.reason = reason;
    this.store.free(row, Date.now() + Math.max(afterMs, backoffMs));
  }

  private async drain(capMs: number): Promise<void> {
    const end = Date.now() + capMs;
    const isIdle = () => this.sending.size === 0 && !this.hasWork();
    while (this.state === 'open' && !isIdle() && Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    this.stop('drained');
    await Promise.race([
      Promise.all(this.sending),
      new Promise((resolve) => setTimeout(resolve, this.sending.size > 0 ? ABORT_MS : 0)),
    ]);
    this.store.freeAll(this);
    this.store.wake();
  }

  private hasWork(): boolean {
    const { count, askAgainAt } = this.pauses!.allows(0);
    if (count === 0 && (askAgainAt === null || this.pauses!.current)) return false;
    return this.candidates().some((row) => this.isDue(row));
  }

  private stop(state: 'drained' | 'closed'): void {
    if (this.state === 'closed') return;
    this.state = state;
    clearTimeout(this.timer);
    this.store.onWork.delete(this.wake);
    this.aborted.abort();
    if (state === 'drained') return;
    this.store.freeAll(this);
    this.store.wake();
  }
}

/** Each call of this on the same store gives the same jobs. */
export function memoryOutbox(
  store: MemoryStore,
  Engine: new (store: MemoryStore, program: string) => MemoryOutbox = MemoryOutbox,
): OutboxDefinition {
  return {
    engine: 'memory',
    durable: false,
    exists: (program) => Promise.resolve(store.programIds.has(program)),
    create: ({ program }) => new Engine(store, program),
  };
}
