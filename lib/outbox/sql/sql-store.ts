import type { JobKey, SubmittedJob } from '../job.js';
import { indexKey } from './index-key.js';
import { JobCounter } from './job-counter.js';
import type {
  Args,
  ClaimedJobs,
  Completed,
  Completion,
  Enqueued,
  Operation,
  OperationName,
  Reply,
} from './operations.js';
import { firstOfEachOrder, rowToEntry, rowToJob, rowToOwner, text } from './rows.js';
import type { SqlExecutor, SqlParam, SqlRow } from './sql-executor.js';
import type { Statements } from './statements.js';

type Handlers = { [N in OperationName]: (program: string, args: Args<N>) => Promise<Reply<N>> };
type InProgram<T> = T & { readonly program: string };

const PURGE_PAGE = 1_000;
/** Jobs that wait for earlier ones must not hide those behind them from a claim. */
const MAX_LOOKS = 5;
const MIN_CANDIDATES = 50;

/** The jobs' state machine, inside one transaction of a SQL database. */
export class SqlStore {
  private readonly counter: JobCounter;

  /** @param slot where to count, if others must not wait for the end of this transaction */
  constructor(
    private readonly tx: SqlExecutor,
    private readonly sql: Statements,
    private readonly slot = '',
  ) {
    this.counter = new JobCounter(slot);
  }

  /** Runs operations that were asked for at the same time, in any order. */
  async run(operations: readonly Operation[]): Promise<unknown[]> {
    const results: unknown[] = Array.from(operations, () => undefined);
    // Of a transaction that failed.
    this.counter.take();
    await this.together('enqueue', operations, results, (all) => this.enqueueAll(all));
    await this.together('complete', operations, results, (all) => this.completeAll(all));
    for (const [i, { name, program, args }] of operations.entries()) {
      if (name === 'enqueue' || name === 'complete') continue;
      const handler = this.handlers[name] as (program: string, args: unknown) => Promise<unknown>;
      results[i] = await handler(program, args);
    }
    await this.flush();
    return results;
  }

  private readonly handlers: Omit<Handlers, 'enqueue' | 'complete'> = {
    registerProgram: async (program) => void (await this.query('registerProgram', program)),
    programId: async (program) => text(await this.one('program', program), 'publicId'),
    saveProgramId: async (program, { id }) => void (await this.query('saveProgramId', program, id)),
    submit: (program, args) => this.submit(program, args),
    claim: (program, args) => this.claim(program, args),
    saveCheckpoint: async (_, { id, owner, checkpoint }) =>
      (await this.one('saveCheckpoint', id, owner, checkpoint)) !== undefined,
    reschedule: (program, args) => this.reschedule(program, args),
    release: async (_, { owner, ids }) => {
      await this.each(
        'release',
        ids.map((id) => ({ id })),
        owner,
      );
    },
    ownedIds: async (program, { owner }) =>
      (await this.query('ownedIds', owner, program)).map(({ id }) => String(id)),
    heartbeat: (_, args) => this.heartbeat(args),
    takeOver: async (_, { owners }) => {
      if (owners.length > 0) await this.each('removeOwners', owners);
      return (await this.query('takeOver')).length;
    },
    unregister: async (_, { token }) => {
      await this.query('unregister', token);
      await this.query('takeOver');
    },
    stats: (program) => this.stats(program),
    find: async (program, { orderingKey }) =>
      (await this.query('find', program, indexKey(orderingKey))).map(rowToEntry),
    recent: async (program, { limit }) =>
      (await this.query('recent', program, limit)).map(rowToEntry),
    deadLetters: async (program, { after, limit }) =>
      (await this.query('deadLetters', program, after, limit)).map(rowToEntry),
    requeue: (program, args) => this.requeue(program, args),
    forget: (program, args) => this.forget(program, args),
    purge: (program, args) => this.purge(program, args),
  };

  private async enqueueAll(jobs: readonly InProgram<Enqueued>[]): Promise<boolean[]> {
    const replaced = jobs.flatMap(({ replaces, owner, program }) =>
      replaces === undefined || owner === null
        ? []
        : [{ id: replaces, owner, outcome: 'discarded', program }],
    );
    if (replaced.length > 0) await this.completeAll(replaced);
    const first = firstOfEachOrder(await this.insert(jobs));
    return jobs.map(({ id }) => first.has(id));
  }

  private async completeAll(completions: readonly Completion[]): Promise<Completed[]> {
    const rows = await this.each('complete', completions);
    const ours = new Map(rows.map((row) => [String(row['id']), row]));
    const endings = new Map(completions.map((completion) => [completion.id, completion]));
    for (const [id, row] of ours) {
      const { outcome, purgesHistory } = endings.get(id)!;
      this.counter.move(String(row['program']), String(row['name']), 'pending', outcome);
      if (purgesHistory) await this.purgeHistoryOf(row);
    }
    const releasing = rows.filter((row) => endings.get(String(row['id']))?.releasesKey);
    if (releasing.length > 0) await this.each('releaseOwnKeys', releasing);
    const waiting = rows.filter((row) => Boolean(row['waiting']));
    if (waiting.length > 0) await this.each('wake', waiting);
    return completions.map(({ id }) => ({
      ours: ours.has(id),
      next: Boolean(ours.get(id)?.['waiting']),
    }));
  }

  private async submit(program: string, job: Args<'submit'>): Promise<string | null> {
    const { id, key, cancels, overrides } = job;
    // First of all: the job to cancel may be in a transaction that hasn't committed yet.
    const orderingKey = cancels ? await this.cancelKey(program, cancels, job) : job.orderingKey;
    const row = { ...job, orderingKey, program, owner: null, key: key?.value };
    if ((await this.insert([row])).length === 0) {
      // Saved before, by a commit whose reply was lost.
      return text(await this.one('outcomeOf', id), 'outcome');
    }
    const taken = await this.takeKey(program, orderingKey, job);
    // A dead letter doesn't keep what is asked for again from happening.
    if (key && text(taken, 'digest') === key.digest) {
      await this.requeue(program, { id: text(taken, 'jobId')! });
    }
    // What was queued behind the job that has the key must not be sent after that one either.
    if (overrides) await this.override(program, id, orderingKey, text(taken, 'jobId') ?? id);
    return key && taken ? this.completeAtOnce(id, outcomeOf(key, taken)) : null;
  }

  /** Returns the ordering key of the job that had the key. */
  private async cancelKey(
    program: string,
    { name, key }: NonNullable<SubmittedJob['cancels']>,
    { id, orderingKey }: Args<'submit'>,
  ): Promise<string> {
    const row = await this.one('cancelKey', program, name, indexKey(key), orderingKey, id);
    return text(row, 'orderingKey') || orderingKey;
  }

  /** Takes the job's key, if it has one, or replies with who has it. */
  private async takeKey(
    program: string,
    orderingKey: string,
    { id, name, key }: Args<'submit'>,
  ): Promise<SqlRow | undefined> {
    if (!key) return undefined;
    const indexed = indexKey(key.value);
    const taken = await this.one('takeKey', program, name, indexed, key.digest, orderingKey, id);
    return taken ? undefined : this.one('findKey', program, name, indexed);
  }

  private async completeAtOnce(id: string, outcome: string): Promise<string> {
    await this.each('claimAs', [{ id }], id);
    await this.completeAll([{ id, owner: id, outcome }]);
    return outcome;
  }

  private async override(
    program: string,
    id: string,
    orderingKey: string,
    except: string,
  ): Promise<void> {
    const rows = await this.query('override', program, indexKey(orderingKey), id, except);
    for (const row of rows) {
      if (row['outcome'] === 'dead') {
        this.counter.move(program, String(row['name']), 'dead', 'pending');
      }
    }
    const endings = rows.map((row) => ({ id: String(row['id']), owner: id, outcome: 'discarded' }));
    if (endings.length > 0) await this.completeAll(endings);
  }

  private async claim(program: string, args: Args<'claim'>): Promise<ClaimedJobs> {
    const { owner, limit, horizonMs } = args;
    const jobs: SqlRow[] = [];
    let hasMore = true;
    for (let looks = 0; looks < MAX_LOOKS && hasMore && jobs.length < limit; looks += 1) {
      const wanted = Math.max(MIN_CANDIDATES, limit - jobs.length);
      const found = await this.query('candidates', program, wanted);
      const blocked = found.filter((row) => Boolean(row['blocked']));
      const free = found.filter((row) => !row['blocked']).slice(0, limit - jobs.length);
      if (blocked.length > 0) await this.each('park', blocked);
      if (free.length > 0) jobs.push(...(await this.each('take', free, owner)));
      hasMore = found.length === wanted;
    }
    jobs.sort((a, b) => Number(a['seq']) - Number(b['seq']));
    if (jobs.length === 0) await this.query('rescheduleSkewed', program, horizonMs);
    const next = hasMore ? { ms: 0 } : await this.one('nextDue', program);
    return { jobs: jobs.map(rowToJob), nextDueInMs: next ? Number(next['ms']) : null };
  }

  private async reschedule(
    program: string,
    args: Args<'reschedule'>,
  ): Promise<Reply<'reschedule'>> {
    const { id, owner, reason, delayMs, maxAgeMs, isDeferred } = args;
    const delay = Math.round(delayMs);
    const row = await this.one(isDeferred ? 'defer' : 'retry', id, owner, reason, delay);
    if (!row) return 'lost';
    if (isDeferred || Number(row['age']) < maxAgeMs) return 'rescheduled';
    await this.query('deadLetter', id);
    this.counter.move(program, String(row['name']), 'pending', 'dead');
    return 'dead';
  }

  private async heartbeat({ token, host, pidNamespace, pid }: Args<'heartbeat'>) {
    const known = await this.one('heartbeat', token);
    if (!known) await this.query('register', token, host, pidNamespace, pid);
    for (const { program, name, outcome, n } of await this.query('takeSlots')) {
      this.counter.add(String(program), String(name), String(outcome), Number(n));
    }
    const others = (await this.query('otherOwners', token)).map(rowToOwner);
    return { registered: known === undefined, others };
  }

  private async stats(program: string): Promise<Reply<'stats'>> {
    // What this transaction has changed so far counts too: else the counts wouldn't add up.
    await this.flush();
    const counters = await this.query('counters', program);
    const oldest = (await this.one('oldestPending', program))?.['at'] ?? null;
    return {
      counters: counters.map(({ name, outcome, n }) => ({
        name: String(name),
        outcome: String(outcome),
        n: Number(n),
      })),
      oldestPendingAt: oldest === null ? null : Number(oldest),
    };
  }

  private async requeue(program: string, filter: Args<'requeue'>): Promise<number> {
    const { id = null, customerKey, jobName = null } = filter;
    const ordering = customerKey === undefined ? null : indexKey(customerKey);
    const rows = await this.query('requeue', program, id, ordering, jobName);
    for (const { name } of rows) this.counter.move(program, String(name), 'dead', 'pending');
    return rows.length;
  }

  private async forget(program: string, { orderingKey, keeps }: Args<'forget'>) {
    const ordering = indexKey(orderingKey);
    const rows = await this.query('forget', program, ordering, keeps);
    this.counter.removed(program, rows);
    await this.each('releaseKeys', rows);
    const left = await this.one('inFlight', program, ordering, keeps);
    return { forgotten: rows.length, inFlight: Number(left?.['n'] ?? 0) };
  }

  private async purge(program: string, { olderThanMs, after }: Args<'purge'>) {
    const page = await this.query('page', program, after, Math.round(olderThanMs), PURGE_PAGE);
    const old = page.filter((row) => Boolean(Number(row['old'])));
    if (old.length > 0) {
      const removed = await this.each('remove', old);
      this.counter.removed(program, removed);
      await this.each('releaseOwnKeys', removed);
      await this.each('anonymizeKeys', removed);
      // Behind a dead job.
      await this.each('wake', removed);
    }
    const isOver = page.length < PURGE_PAGE || page.every((row) => !Number(row['aged']));
    return isOver ? null : Number(page.at(-1)?.['seq']);
  }

  private async purgeHistoryOf({ program, ordering }: SqlRow): Promise<void> {
    const rows = await this.query('forgetCompleted', String(program), String(ordering));
    await this.each('releaseKeys', rows);
  }

  private async insert(jobs: readonly InProgram<InsertedJob>[]): Promise<SqlRow[]> {
    const given = jobs.map((job) => {
      const ordering = indexKey(job.orderingKey);
      const longOrderingKey = ordering === job.orderingKey ? undefined : job.orderingKey;
      return { ...job, orderingKey: undefined, ordering, longOrderingKey };
    });
    // The app's own transaction may last: nobody shall wait for it.
    if (this.sql.lockOrdering !== null && this.slot === '') await this.each('lockOrdering', given);
    const rows = await this.each('insert', given);
    for (const { program, name } of rows) this.counter.queued(String(program), String(name));
    return rows;
  }

  private async flush(): Promise<void> {
    const changes = this.counter.take();
    if (changes.length > 0) await this.each('count', changes);
  }

  private async together<N extends 'enqueue' | 'complete'>(
    name: N,
    operations: readonly Operation[],
    results: unknown[],
    run: (all: InProgram<Args<N>>[]) => Promise<Reply<N>[]>,
  ): Promise<void> {
    const places = [...operations.keys()].filter((i) => operations[i]!.name === name);
    if (places.length === 0) return;
    const all = places.map((i) => {
      const { args, program } = operations[i]!;
      return { ...(args as Args<N>), program };
    });
    const replies = await run(all);
    for (const [n, place] of places.entries()) results[place] = replies[n];
  }

  private each(name: keyof Statements, rows: readonly object[], ...more: SqlParam[]) {
    return this.tx.query(this.sql[name]!, [JSON.stringify(rows), ...more]);
  }

  private query(name: keyof Statements, ...params: SqlParam[]): Promise<SqlRow[]> | SqlRow[] {
    return this.tx.query(this.sql[name]!, params);
  }

  private async one(name: keyof Statements, ...params: SqlParam[]): Promise<SqlRow | undefined> {
    return (await this.query(name, ...params))[0];
  }
}

type InsertedJob = Omit<Enqueued, 'replaces'> & { key?: string | undefined };

function outcomeOf({ ifTaken, digest }: JobKey, holder: SqlRow): string {
  if (holder['digest'] === null) return ifTaken.cancelled;
  return holder['digest'] === digest ? ifTaken.same : ifTaken.different;
}
