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
import type { CallWait } from '../outbox/fleet/store-link.js';
import { pausedBy } from '../outbox/gate.js';
import type { NewJob, SubmittedJob } from '../outbox/job.js';
import { sumCounters } from '../outbox/job-counts.js';
import type { Forgotten, LedgerEntry, OutboxStats, ReplayFilter } from '../outbox/ledger.js';
import type {
  Failure,
  GateEvent,
  OutboxContext,
  StoredIdentity,
  Submitted,
} from '../outbox/outbox.js';
import { PartneroConfigurationError } from '../partnero.configuration-error.js';
import { execute, type Books } from './books.js';
import { BullmqClaims } from './bullmq.claims.js';
import { dropToken, placeToken } from './bullmq.tokens.js';
import { isForGood } from './redis-error.js';
import type { Linked, RedisLink } from './redis-link.js';
import type { ScriptName } from './scripts/index.js';
import { rowToEntry, textToEntry, unflatten, type FlatRow } from './stored-row.js';

/** Where the store is, and how it is used. */
export interface BullmqStoreSettings {
  readonly location: string;
  /** Name of this process among all that share the store. */
  readonly owner: string;
  readonly leaseMs: number;
  /** What a sign-up may wait, the wait behind its response included. */
  readonly acceptWait: CallWait;
}

/** For Redis to answer anything that isn't a sign-up. */
const CALL: CallWait = { awayMs: 5_000, answerMs: 5_000 };
/** Somebody waits for these. */
const WAITED_FOR = new Set<ScriptName>(['submit', 'stats', 'find', 'dead', 'replay', 'forget']);
const SOON: CallWait = { awayMs: 1_000, answerMs: 5_000 };
/** So little that an app which ends isn't killed before its other outboxes are closed. */
const LEAVE: CallWait = { awayMs: 500, answerMs: 1_500 };
/** A boot isn't delayed by more, if Redis is away. */
const BOOT_MS = 2_000;
/** BullMQ brings a new job up then, if the process that accepted it has not ended it. */
const FIRST_LOOK_MS = 5_000;
const PAGE = 200;
const CLEAN_PAGE = 500;
const DAY_MS = 86_400_000;

/**
 * One program's jobs in Redis. BullMQ says when to look at a job, gives it to one process of many, and
 * brings it up again if that process is gone; the books say what the job is.
 */
export class BullmqStore implements FleetStore {
  private readonly claims: BullmqClaims;
  private readonly gate: GateWriter;
  private readonly keepMs: number;

  constructor(
    private readonly link: RedisLink,
    private readonly books: Books,
    private readonly settings: BullmqStoreSettings,
    private readonly context: OutboxContext,
  ) {
    this.claims = new BullmqClaims(books, settings, context);
    this.gate = new GateWriter((use) =>
      link.call(async (linked) => {
        const { gate } = await this.claims.look(linked, 1);
        return use(gate, this.claims.compareAndSet(linked));
      }, CALL),
    );
    this.keepMs = Math.round(context.ledgerDays * DAY_MS);
  }

  get location(): string {
    return this.settings.location;
  }

  async open(): Promise<void> {
    await this.link.start();
    if (await this.link.waitUntilUp(BOOT_MS)) return;
    const problem = this.link.problem ?? '';
    // One that is only away just now is waited for; sign-ups wait with it, or go to the fallback.
    if (!isForGood(problem)) throw new FleetStoreError(problem, 'away');
    await this.link.close();
    throw new PartneroConfigurationError(
      `bullmqOutbox() can't use ${this.location}: ${problem}. Check its connection.`,
    );
  }

  async beat(): Promise<void> {
    const { owner, leaseMs } = this.settings;
    await this.link.call(async ({ client, backend }) => {
      await this.books.run(client, 'beat', owner, leaseMs);
      await backend.moveStalledJobsToWait();
      await this.giveBackStrays({ client, backend });
    }, CALL);
  }

  async close(held: readonly Grip[]): Promise<void> {
    const leave = async (linked: Linked) => {
      await this.claims.free(linked, held);
      await this.giveBackStrays(linked);
      await this.books.run(linked.client, 'leave', this.settings.owner);
    };
    // If that fails, others take them over once the lease has ended.
    await this.link.call(leave, LEAVE).catch(() => {});
    await this.link.close();
  }

  async enroll(salt: string): Promise<StoredIdentity> {
    const row = (await this.run('enroll', salt)) as string[];
    const [known = salt, keyHash = '', publicId = ''] = row;
    return { salt: known, keyHash: keyHash || null, publicId: publicId || null };
  }

  async remember(known: Partial<Omit<StoredIdentity, 'salt'>>): Promise<void> {
    const { keyHash, publicId } = known;
    const fields = Object.entries({ keyHash, publicId }).filter(([, value]) => value !== undefined);
    await this.run('remember', ...fields.flat());
  }

  async accept(job: NewJob, grip: Grip, replaces: Grip | undefined): Promise<boolean> {
    const { leaseMs, acceptWait } = this.settings;
    const facts = [job.kind, job.lane, job.referralKey, job.payload, job.acceptedAt];
    const args = [
      grip.id,
      grip.fence,
      leaseMs,
      this.keepMs,
      ...facts,
      replaces?.id,
      replaces?.fence,
    ];
    const isFirst = await this.keep(grip.id, job.kind, args, acceptWait);
    if (replaces) this.drop(replaces);
    return isFirst;
  }

  async takeOver(job: NewJob, id: string): Promise<void> {
    const facts = [job.kind, job.lane, job.referralKey, job.payload, job.acceptedAt];
    const args = [
      id,
      undefined,
      this.settings.leaseMs,
      this.keepMs,
      ...facts,
      undefined,
      undefined,
    ];
    await this.keep(id, job.kind, args, CALL);
  }

  async submit(job: SubmittedJob, id: string): Promise<Submitted> {
    const { kind, lane, referralKey, payload, acceptedAt, key, withdraws } = job;
    const { same, different, withdrawn } = key?.ifTaken ?? {};
    const undoes = withdraws && `${withdraws.kind}\n${withdraws.key}`;
    const facts = [kind, lane, referralKey, payload, acceptedAt];
    const keys = [key?.value, key?.digest, same, different, withdrawn, undoes];
    const outcome = await this.run('submit', id, this.keepMs, ...facts, ...keys);
    return { id, outcome: outcome as string | null };
  }

  async discard(grip: Grip): Promise<boolean> {
    const ours = (await this.run('discard', grip.id, grip.fence, this.keepMs)) === 1;
    if (ours) this.drop(grip);
    return ours;
  }

  free(grips: readonly Grip[]): Promise<void> {
    return this.link.call((linked) => this.claims.free(linked, grips), CALL);
  }

  claim(request: FleetClaimRequest): Promise<FleetClaim> {
    const { claims, link } = this;
    return claims.strays.watch(link, CALL, (linked, asked) => claims.claim(linked, request, asked));
  }

  async note(grip: Grip, progress: string): Promise<boolean> {
    return (await this.run('note', grip.id, grip.fence, progress)) === 1;
  }

  async settle(grip: Grip, ending: Settlement): Promise<boolean> {
    const { lane, outcome, reason, detail, requests, freesKey, forgets } = ending;
    const flags = [freesKey ? 1 : undefined, forgets ? 1 : undefined];
    const facts = [outcome, reason, detail, ...flags];
    const reply = await this.run('settle', grip.id, grip.fence, lane, this.keepMs, ...facts);
    const [ours, gate] = reply as [number, string | null];
    if (ours === 1) this.drop(grip);
    if (requests > 0) await this.gate.heard(gate ?? '', requests);
    return ours === 1;
  }

  async fail(grip: Grip, failure: Failure): Promise<'postponed' | 'dead' | 'lost'> {
    const { id, fence } = grip;
    const gate = await this.gate.failed(failure);
    const patience = (await this.run('patience', id, fence)) as [number, string, string];
    const [ours, at, excused] = patience;
    if (ours !== 1) return 'lost';
    const since = at === '' ? null : { at: Number(at), excusedMs: Number(excused) };
    const how = fateOf(failure, since, gate);
    const { reason, delayMs } = failure;
    const facts = [delayMs, reason, gate.state.excusedMs];
    const done = await this.run('fail', id, fence, how, ...facts);
    if (done !== 1) return 'lost';
    this.drop(grip);
    return how === 'dead' ? 'dead' : 'postponed';
  }

  report(event: GateEvent, keyHash: string | null): Promise<void> {
    return this.gate.report(event, keyHash);
  }

  async stats(
    keyHash: string | null,
  ): Promise<Omit<OutboxStats, 'program' | 'location' | 'storage'>> {
    const reply = await this.run('stats');
    const [now, flat, oldest, gate, stopped] = reply as [
      number,
      string[],
      string[],
      string,
      number,
    ];
    const counters = Object.entries(unflatten(flat)).map(([name, n]) => {
      const [kind = '', outcome = ''] = name.split('\n');
      return { kind, outcome, n: Number(n) };
    });
    const paused = pausedBy(seenGate(gate, now).state, now, keyHash);
    const byOperator = stopped === 1 ? { reason: 'queue_paused', until: null } : null;
    return {
      ...sumCounters(counters),
      oldestPendingAt: oldest[1] === undefined ? null : new Date(Number(oldest[1])),
      paused: paused ? { reason: paused.reason, until: new Date(paused.until) } : byOperator,
    };
  }

  async find(customerKey: string): Promise<LedgerEntry[]> {
    const { program } = this.context;
    const [rows, texts] = (await this.run('find', customerKey, this.keepMs)) as [
      FlatRow[],
      string[],
    ];
    const entries = [
      ...rows.map((row) => rowToEntry(program, row)),
      ...texts.map((text) => textToEntry(program, customerKey, text)),
    ];
    return entries.toSorted((a, b) => (a.id < b.id ? 1 : -1));
  }

  async dead(after: LedgerEntry | null): Promise<LedgerEntry[]> {
    const rows = await this.run('dead', after?.id, after?.acceptedAt.getTime(), PAGE);
    return (rows as FlatRow[]).map((row) => rowToEntry(this.context.program, row));
  }

  async replay(filter: ReplayFilter): Promise<number> {
    if ('id' in filter && !filter.id) return 0;
    const { customerKey, kind } = 'id' in filter ? {} : filter;
    const id = 'id' in filter ? filter.id : undefined;
    let revived = 0;
    for (let from = 0; from >= 0;) {
      const reply = (await this.run('replay', from, id, customerKey, kind)) as [number, number];
      revived += reply[0];
      from = reply[1];
    }
    return revived;
  }

  async forget(customerKey: string): Promise<Forgotten> {
    const [forgotten, underWay] = (await this.run('forget', customerKey)) as [number, number];
    return { forgotten, underWay };
  }

  async clean(after: string): Promise<string | null> {
    const [what, from] = after.split(':');
    if (what === 'mend') {
      const next = (await this.run('mend', Number(from), CLEAN_PAGE)) as number;
      return next < 0 ? null : `mend:${next}`;
    }
    const next = (await this.run('purge', Number(from ?? 0), this.keepMs, PAGE)) as number;
    return next < 0 ? 'mend:0' : `purge:${next}`;
  }

  /** Our job, and the one of BullMQ's that brings it up if this process doesn't, in one step. */
  private async keep(
    id: string,
    kind: string,
    args: Parameters<Books['add']>[2][],
    wait: CallWait,
  ): Promise<boolean> {
    const place = await this.link.call(async ({ client, backend }) => {
      const transaction = client.multi();
      const delayMs = Math.min(FIRST_LOOK_MS, this.settings.leaseMs);
      placeToken(backend, transaction, { id, gen: '0' }, kind, delayMs);
      this.books.add(transaction, 'accept', ...args);
      return (await execute(transaction)).at(-1);
    }, wait);
    if (place === -2) throw new FleetStoreError('the job came too late for its id', 'refused');
    return place === 1;
  }

  private giveBackStrays(linked: Linked): Promise<void> {
    const { claims } = this;
    return claims.strays.giveBackAll((strays) => claims.free(linked, strays));
  }

  private run(name: ScriptName, ...args: Parameters<Books['add']>[2][]): Promise<unknown> {
    const wait = WAITED_FOR.has(name) ? SOON : CALL;
    return this.link.call(({ client }) => this.books.run(client, name, ...args), wait);
  }

  private drop(grip: Grip): void {
    const { backend } = this.link.linked ?? {};
    if (backend) void dropToken(backend, grip);
  }
}
