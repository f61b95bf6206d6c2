import { randomUUID } from 'node:crypto';
import type { CompletedResult, JobEnd } from '#lib/outbox/delivery-result.js';
import type { HistoryEntry, JobCounts, RequeueFilter } from '#lib/outbox/history.js';
import type { Job, NewJob, SubmittedJob } from '#lib/outbox/job.js';

export interface Row extends NewJob {
  readonly id: string;
  readonly program: string;
  readonly key: string | null;
  state: 'held' | 'pending' | 'sending' | 'dead' | 'completed';
  /** The engine that holds or sends the job. */
  owner: object | null;
  /** Changes each time the job is claimed: a result that comes too late has another one. */
  claim: symbol | null;
  dueAt: number;
  attempts: number;
  failedAt: number | null;
  checkpoint: string | null;
  end: JobEnd | null;
  reason: string | null;
  endedAt: number | null;
}

interface Holder {
  readonly id: string;
  readonly orderingKey: string;
  /** `null`: the key was cancelled. */
  readonly digest: string | null;
}

const DISCARDED: CompletedResult = { type: 'completed', outcome: 'discarded' };
const nameOf = (...parts: string[]): string => JSON.stringify(parts);

/** The jobs of all programs, in memory. One store can serve several engines. */
export class MemoryStore {
  readonly programIds = new Map<string, string | null>();
  /** Called when a job may have become due. */
  readonly onWork = new Set<() => void>();
  protected readonly rows = new Map<string, Row>();
  /** The jobs that haven't completed, in order, by program and ordering key. */
  protected readonly open = new Map<string, Row[]>();
  protected readonly keys = new Map<string, Holder>();
  private readonly counters = new Map<
    string,
    { queued: number; outcomes: Record<string, number> }
  >();

  add(program: string, job: NewJob, owner: object | null, key: string | null = null): Row {
    const saved = this.rows.get(job.id ?? '');
    if (saved) return saved;
    const state = owner ? 'held' : 'pending';
    const { name, orderingKey, referralKey, payload, queuedAt } = job;
    const row: Row = {
      name,
      orderingKey,
      referralKey,
      payload,
      queuedAt,
      program,
      key,
      state,
      owner,
      id: job.id ?? randomUUID(),
      claim: null,
      dueAt: 0,
      attempts: 0,
      failedAt: null,
      checkpoint: null,
      end: null,
      reason: null,
      endedAt: null,
    };
    this.rows.set(row.id, row);
    const queue = nameOf(program, orderingKey);
    this.open.set(queue, [...(this.open.get(queue) ?? []), row]);
    this.counterOf(row).queued += 1;
    return row;
  }

  submit(program: string, job: SubmittedJob): { id: string; outcome: string | null } {
    const { name, key, cancels, overrides } = job;
    const cancelled = cancels && this.keys.get(nameOf(program, cancels.name, cancels.key));
    const orderingKey = cancelled?.orderingKey ?? job.orderingKey;
    if (this.rows.has(job.id ?? '')) return { id: job.id!, outcome: null };
    const holder = key && this.keys.get(nameOf(program, name, key.value));
    if (overrides) this.discardAll(program, orderingKey, holder?.id);
    const row = this.add(program, { ...job, orderingKey }, null, key?.value ?? null);
    if (key && holder?.digest === key.digest) this.requeue(program, { id: holder.id });
    if (key && holder) {
      const { same, different, cancelled: wasCancelled } = key.ifTaken;
      const outcome = holder.digest === key.digest ? same : different;
      this.end(row, {
        type: 'completed',
        outcome: holder.digest === null ? wasCancelled : outcome,
      });
    } else if (key) {
      const { value, digest } = key;
      this.keys.set(nameOf(program, name, value), { id: row.id, orderingKey, digest });
    }
    if (cancels && !cancelled) {
      const none = { id: row.id, orderingKey, digest: null };
      this.keys.set(nameOf(program, cancels.name, cancels.key), none);
    }
    return { id: row.id, outcome: row.end?.type === 'completed' ? row.end.outcome : null };
  }

  get(program: string, id: string): Row | undefined {
    const row = this.rows.get(id);
    return row?.program === program ? row : undefined;
  }

  of(program: string): Row[] {
    return [...this.rows.values()].filter((row) => row.program === program);
  }

  /** The first job of each ordering key that has one. */
  heads(program: string): Row[] {
    const heads = [...this.open.values()].map(([head]) => head);
    return heads.filter((head) => head !== undefined && head.program === program) as Row[];
  }

  end(row: Row, end: JobEnd): void {
    row.state = end.type;
    row.owner = row.claim = null;
    row.end = end;
    row.reason = end.reason ?? null;
    row.endedAt = Date.now();
    if (end.type === 'dead') return;
    this.remove(row, end.outcome);
    if (end.releasesKey) this.releaseOwnKeys(row);
    if (end.purgesHistory) this.forget(row.program, row.orderingKey, ['completed']);
  }

  /** Makes a job available to every engine. */
  free(row: Row, dueAt = 0): void {
    row.state = 'pending';
    row.owner = row.claim = null;
    row.dueAt = dueAt;
  }

  /** Everything that an engine holds or sends. */
  freeAll(owner: object): void {
    for (const row of this.rows.values()) if (row.owner === owner) this.free(row);
  }

  forget(
    program: string,
    orderingKey: string,
    states: readonly Row['state'][],
    keeps?: string,
  ): number {
    const rows = this.of(program).filter(
      (row) =>
        row.orderingKey === orderingKey &&
        states.includes(row.state) &&
        (row.state === 'completed' || row.name !== keeps),
    );
    for (const row of rows) {
      if (row.state !== 'completed') this.end(row, DISCARDED);
      this.releaseKeys(row);
      this.rows.delete(row.id);
    }
    return rows.length;
  }

  requeue(program: string, filter: RequeueFilter): number {
    const wanted =
      'id' in filter ? filter : { orderingKey: filter.customerKey, name: filter.jobName };
    const matches = (row: Row) =>
      Object.entries(wanted).every(
        ([field, value]) => value === undefined || row[field as 'id'] === value,
      );
    const dead = this.of(program).filter((row) => row.state === 'dead' && matches(row));
    for (const row of dead) {
      this.free(row);
      Object.assign(row, { attempts: 0, failedAt: null, end: null, endedAt: null });
    }
    return dead.length;
  }

  counts(program: string): { all: JobCounts; jobs: Record<string, JobCounts> } {
    const rows = this.of(program);
    const jobs: Record<string, JobCounts> = {};
    for (const [key, { queued, outcomes }] of this.counters) {
      const [of, name] = JSON.parse(key) as [string, string];
      if (of !== program) continue;
      const dead = rows.filter((row) => row.name === name && row.state === 'dead').length;
      const done = rows.filter((row) => row.name === name && row.state === 'completed').length;
      const pending = rows.filter((row) => row.name === name).length - dead - done;
      jobs[name] = { queued, pending, dead, outcomes: { ...outcomes } };
    }
    return { all: Object.values(jobs).reduce(plus, NONE), jobs };
  }

  wake(): void {
    for (const listener of this.onWork) listener();
  }

  protected discardAll(program: string, orderingKey: string, except?: string): void {
    const queue = this.open.get(nameOf(program, orderingKey)) ?? [];
    for (const row of queue) {
      if (row.state !== 'sending' && row.id !== except) this.end(row, DISCARDED);
    }
  }

  protected remove(row: Row, outcome: string): void {
    const queue = nameOf(row.program, row.orderingKey);
    const rest = (this.open.get(queue) ?? []).filter((each) => each !== row);
    if (rest.length > 0) this.open.set(queue, rest);
    else this.open.delete(queue);
    const { outcomes } = this.counterOf(row);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }

  /** What the job cancelled stays cancelled. */
  private releaseOwnKeys({ id }: Row): void {
    for (const [key, holder] of this.keys) {
      if (holder.id === id && holder.digest !== null) this.keys.delete(key);
    }
  }

  protected releaseKeys({ id }: Row): void {
    for (const [key, holder] of this.keys) if (holder.id === id) this.keys.delete(key);
  }

  private counterOf({ program, name }: Row) {
    const key = nameOf(program, name);
    const counter = this.counters.get(key) ?? { queued: 0, outcomes: {} };
    this.counters.set(key, counter);
    return counter;
  }
}

export { DISCARDED };

const NONE: JobCounts = { queued: 0, pending: 0, dead: 0, outcomes: {} };

function plus(a: JobCounts, b: JobCounts): JobCounts {
  const outcomes = { ...a.outcomes };
  for (const [name, n] of Object.entries(b.outcomes)) outcomes[name] = (outcomes[name] ?? 0) + n;
  const [queued, pending, dead] = [a.queued + b.queued, a.pending + b.pending, a.dead + b.dead];
  return { queued, pending, dead, outcomes };
}

export const toJob = ({
  id,
  name,
  orderingKey,
  referralKey,
  payload,
  queuedAt,
  ...row
}: Row): Job => ({
  id,
  name,
  orderingKey,
  referralKey,
  payload,
  queuedAt,
  attempts: row.attempts,
  checkpoint: row.checkpoint,
});

export const toEntry = (row: Row): HistoryEntry => ({
  id: row.id,
  program: row.program,
  jobName: row.name,
  customerKey: row.orderingKey,
  key: row.key,
  referralKey: row.referralKey,
  attempts: row.attempts,
  reason: row.reason,
  state: row.end?.type ?? 'pending',
  outcome: row.end ? (row.end.type === 'dead' ? 'dead' : row.end.outcome) : null,
  detail: row.end?.type === 'completed' ? (row.end.detail ?? null) : null,
  queuedAt: new Date(row.queuedAt),
  endedAt: row.endedAt === null ? null : new Date(row.endedAt),
});
