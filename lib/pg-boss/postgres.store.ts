import { FleetStoreError } from '../outbox/fleet/fleet-store.error.js';
import type {
  FleetClaim,
  FleetClaimRequest,
  FleetStore,
  Grip,
  Settlement,
} from '../outbox/fleet/fleet-store.js';
import { fateOf, GateWriter } from '../outbox/fleet/gate-writer.js';
import { seenGate } from '../outbox/fleet/shared-gate.js';
import type { CallWait, StoreLink } from '../outbox/fleet/store-link.js';
import { pausedBy } from '../outbox/gate.js';
import type { NewJob, SubmittedJob } from '../outbox/job.js';
import { sumCounters, type Counter } from '../outbox/job-counts.js';
import type { Forgotten, LedgerEntry, OutboxStats, ReplayFilter } from '../outbox/ledger.js';
import type {
  Failure,
  GateEvent,
  OutboxContext,
  StoredIdentity,
  Submitted,
} from '../outbox/outbox.js';
import { PartneroConfigurationError } from '../partnero.configuration-error.js';
import { joinTransaction, NotATransactionError } from './app-transaction.js';
import type { Linked } from './boss.js';
import { PostgresClaims } from './postgres.claims.js';
import { describeProblem, isForGood } from './postgres-error.js';
import { toEntry, type StoredEntry } from './stored-entry.js';
import type { Tables } from './tables.js';

/** Where the store is, and how it is used. */
export interface PostgresStoreSettings {
  readonly location: string;
  /** Name of this process among all that share the store. */
  readonly owner: string;
  /** Name of pg-boss's queue. */
  readonly queue: string;
  readonly leaseMs: number;
}

/** For the database to answer anything that isn't a sign-up. */
const CALL: CallWait = { awayMs: 5_000, answerMs: 5_000 };
/** A sign-up waits so long in memory, behind its response. */
const PATIENT: CallWait = { awayMs: 30_000, answerMs: 30_000 };
/** Somebody waits for these. */
const WAITED_FOR = new Set(['submit', 'stats', 'find', 'dead', 'replay', 'forget']);
const SOON: CallWait = { awayMs: 1_000, answerMs: 5_000 };
/** So little that an app which ends isn't killed before its other outboxes are closed. */
const LEAVE: CallWait = { awayMs: 500, answerMs: 1_500 };
/** A boot isn't delayed by more, if the database is away; tables take a while to be made. */
const BOOT_MS = 5_000;
const PAGE = 200;
const CLEAN_PAGE = 1_000;
/** A job that is so much overdue while nothing is found to do has been forgotten by pg-boss. */
const OVERDUE_MS = 60_000;
const DAY_MS = 86_400_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * One program's jobs in PostgreSQL. pg-boss says when to look at a job, and gives it to one process of
 * many; our own tables say what the job is.
 */
export class PostgresStore implements FleetStore {
  private readonly claims: PostgresClaims;
  private readonly gate: GateWriter;
  private readonly keepMs: number;
  private readonly program: string;

  constructor(
    private readonly link: StoreLink<Linked>,
    private readonly tables: Tables,
    private readonly settings: PostgresStoreSettings,
    context: OutboxContext,
  ) {
    this.claims = new PostgresClaims(tables, settings, context);
    this.gate = new GateWriter((use) =>
      link.call(
        async (linked) => use(await this.claims.look(linked), this.claims.compareAndSet(linked)),
        CALL,
      ),
    );
    this.keepMs = Math.round(context.ledgerDays * DAY_MS);
    this.program = context.program;
  }

  get location(): string {
    return this.settings.location;
  }

  async open(): Promise<void> {
    await this.link.start();
    if (await this.link.waitUntilUp(BOOT_MS)) return;
    const problem = this.link.problem ?? '';
    // One that is only away just now is waited for, and sign-ups with it.
    if (!isForGood(problem)) throw new FleetStoreError(problem, 'away');
    await this.link.close();
    throw new PartneroConfigurationError(
      `postgresOutbox() can't use ${this.location}: ${problem}. Check its connectionString, and that ` +
        'its user may create a schema.',
    );
  }

  async beat(): Promise<void> {
    const { owner, leaseMs } = this.settings;
    await this.link.call(async (linked) => {
      await this.tables.call(linked.db, 'beat', this.program, owner, leaseMs);
      await this.giveBackStrays(linked);
    }, CALL);
  }

  async close(held: readonly Grip[]): Promise<void> {
    const leave = async (linked: Linked) => {
      await this.claims.free(linked, held);
      await this.giveBackStrays(linked);
      await this.tables.call(linked.db, 'leave', this.settings.owner);
    };
    // If that fails, others take them over once the lease has ended.
    await this.link.call(leave, LEAVE).catch(() => {});
    await this.link.close();
  }

  enroll(salt: string): Promise<StoredIdentity> {
    return this.read('enroll', this.program, salt);
  }

  async remember(known: Partial<Omit<StoredIdentity, 'salt'>>): Promise<void> {
    const { keyHash, publicId } = known;
    const changes = [keyHash !== undefined, keyHash, publicId !== undefined, publicId] as const;
    await this.run('remember', this.program, ...changes);
  }

  async accept(job: NewJob, grip: Grip, replaces: Grip | undefined): Promise<boolean> {
    const { owner } = this.settings;
    const who = [this.program, owner, grip.fence, grip.id];
    const args = [...who, ...factsOf(job), replaces?.id, replaces?.fence];
    const keep = ({ db }: Linked) => this.tables.call(db, 'accept', ...args);
    return (await this.link.call(keep, PATIENT)) as boolean;
  }

  /** Written by the connection of that transaction: there if it commits. */
  async acceptIn(transaction: object, job: NewJob, id: string): Promise<void> {
    try {
      await joinTransaction(transaction, async (db) => {
        await this.tables.call(db, 'accept_in', this.program, id, ...factsOf(job));
      });
    } catch (error) {
      if (error instanceof NotATransactionError) throw error;
      throw new FleetStoreError(describeProblem(error), 'refused');
    }
  }

  async takeOver(job: NewJob, id: string): Promise<void> {
    const args = [this.program, null, null, id, ...factsOf(job), null, null];
    await this.run('accept', ...args);
  }

  async submit(job: SubmittedJob, id: string): Promise<Submitted> {
    const { key, withdraws } = job;
    const { same, different, withdrawn } = key?.ifTaken ?? {};
    const keys = [key?.value, key?.digest, same, different, withdrawn];
    const undoes = [withdraws?.kind, withdraws?.key];
    const outcome = await this.run('submit', this.program, id, ...factsOf(job), ...keys, ...undoes);
    return { id, outcome: outcome as string | null };
  }

  async discard({ id, fence }: Grip): Promise<boolean> {
    const args = [this.program, id, fence, 'discarded', null, null, false, false] as const;
    return (await this.read<{ ours: boolean }>('settle', ...args)).ours;
  }

  free(grips: readonly Grip[]): Promise<void> {
    return this.link.call((linked) => this.claims.free(linked, grips), CALL);
  }

  claim(request: FleetClaimRequest): Promise<FleetClaim> {
    const { claims, link } = this;
    return claims.strays.watch(link, CALL, (linked, asked) => claims.claim(linked, request, asked));
  }

  async note({ id, fence }: Grip, progress: string): Promise<boolean> {
    return (await this.run('note', id, fence, progress)) === true;
  }

  async settle({ id, fence }: Grip, ending: Settlement): Promise<boolean> {
    const { outcome, reason, detail, requests, freesKey, forgets } = ending;
    const flags = [freesKey, forgets] as const;
    const args = [this.program, id, fence, outcome, reason, detail, ...flags] as const;
    const { ours, gate } = await this.read<{ ours: boolean; gate: string | null }>(
      'settle',
      ...args,
    );
    if (requests > 0) await this.gate.heard(gate ?? '', requests);
    return ours;
  }

  async fail({ id, fence }: Grip, failure: Failure): Promise<'postponed' | 'dead' | 'lost'> {
    const gate = await this.gate.failed(failure);
    const patience = (await this.run('patience', id, fence)) as string | null;
    if (patience === null) return 'lost';
    const { failedAt: at, excusedMs } = JSON.parse(patience) as Record<string, number | null>;
    const since = at == null || excusedMs == null ? null : { at, excusedMs };
    const how = fateOf(failure, since, gate);
    const { reason, delayMs } = failure;
    const args = [id, fence, how, Math.round(delayMs), reason, gate.state.excusedMs] as const;
    if ((await this.run('fail', this.program, ...args)) !== true) return 'lost';
    return how === 'dead' ? 'dead' : 'postponed';
  }

  report(event: GateEvent, keyHash: string | null): Promise<void> {
    return this.gate.report(event, keyHash);
  }

  async stats(
    keyHash: string | null,
  ): Promise<Omit<OutboxStats, 'program' | 'location' | 'storage'>> {
    const { now, gate, oldest, counters } = await this.read<{
      now: number;
      gate: string | null;
      oldest: number | null;
      counters: Counter[];
    }>('stats', this.program);
    const paused = pausedBy(seenGate(gate ?? '', now).state, now, keyHash);
    return {
      ...sumCounters(counters),
      oldestPendingAt: oldest === null ? null : new Date(oldest),
      paused: paused && { reason: paused.reason, until: new Date(paused.until) },
    };
  }

  async find(customerKey: string): Promise<LedgerEntry[]> {
    const entries = await this.read<StoredEntry[]>('find', this.program, customerKey);
    return entries.map((entry) => toEntry(this.program, entry));
  }

  async dead(after: LedgerEntry | null): Promise<LedgerEntry[]> {
    const entries = await this.read<StoredEntry[]>('dead', this.program, after?.id, PAGE);
    return entries.map((entry) => toEntry(this.program, entry));
  }

  async replay(filter: ReplayFilter): Promise<number> {
    const id = 'id' in filter ? filter.id : undefined;
    if ('id' in filter && !UUID.test(filter.id)) return 0;
    const { customerKey, kind } = 'id' in filter ? {} : filter;
    for (let revived = 0; ;) {
      const n = await this.run('replay', this.program, id, customerKey, kind, CLEAN_PAGE);
      revived += n as number;
      if ((n as number) < CLEAN_PAGE) return revived;
    }
  }

  forget(customerKey: string): Promise<Forgotten> {
    return this.read('forget', this.program, customerKey, this.settings.leaseMs);
  }

  async clean(after: string): Promise<string | null> {
    if (after !== 'mend') {
      const n = (await this.run('purge', this.program, this.keepMs, CLEAN_PAGE)) as number;
      return n < CLEAN_PAGE ? 'mend' : 'purge';
    }
    if (!this.claims.isIdle) return null;
    const n = (await this.run('mend', this.program, OVERDUE_MS, CLEAN_PAGE)) as number;
    return n < CLEAN_PAGE ? null : 'mend';
  }

  private giveBackStrays(linked: Linked): Promise<void> {
    const { claims } = this;
    return claims.strays.giveBackAll((strays) => claims.freeClaims(linked, strays));
  }

  private run(name: string, ...args: Parameters<Tables['call']>[2][]): Promise<unknown> {
    return this.ask(name, ({ db }) => this.tables.call(db, name, ...args));
  }

  private read<T>(name: string, ...args: Parameters<Tables['call']>[2][]): Promise<T> {
    return this.ask(name, ({ db }) => this.tables.read<T>(db, name, ...args));
  }

  private ask<T>(name: string, work: (linked: Linked) => Promise<T>): Promise<T> {
    return this.link.call(work, WAITED_FOR.has(name) ? SOON : CALL);
  }
}

function factsOf(job: NewJob): readonly [string, string, string | null, string, number] {
  return [job.kind, job.lane, job.referralKey, job.payload, job.acceptedAt];
}
