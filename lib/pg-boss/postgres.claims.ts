import { createHash } from 'node:crypto';
import type { Db as IDatabase } from 'pg-boss';
import { claimJobs, type ClaimedJob } from '../outbox/fleet/claim-jobs.js';
import type { FleetClaim, FleetClaimRequest, Grip } from '../outbox/fleet/fleet-store.js';
import { seenGate, type CompareAndSet, type SeenGate } from '../outbox/fleet/shared-gate.js';
import { Strays } from '../outbox/fleet/strays.js';
import type { Job } from '../outbox/job.js';
import type { OutboxContext } from '../outbox/outbox.js';
import type { Linked } from './boss.js';
import type { Tables } from './tables.js';

/** What a job of pg-boss's says: which of ours is to be looked at. */
interface Token {
  readonly id: string;
  /** What came before under the same id no longer counts. */
  readonly gen: number;
}

interface Look {
  readonly now: number;
  readonly gate: string | null;
  readonly nextDue: number | null;
  readonly turn: readonly (Token & { readonly due: number })[];
}

/** Of pg-boss's jobs that are made in one claim; more, if it wants more. */
const PLACED_AT_LEAST = 200;
/** For jobs of pg-boss's that turn out to be of no use, in one claim. */
const USELESS_MS = 500;
const CLOCK_SLACK_MS = 10_000;
/** Between two requests of one transaction. */
const VANISHED_MS = 10_000;

/** How this process comes by jobs that are due. */
export class PostgresClaims {
  private readonly horizonMs: number;
  /** Fences. */
  readonly strays = new Strays<string>();
  private nextDue: number | null = null;

  constructor(
    private readonly tables: Tables,
    private readonly settings: { readonly owner: string; readonly queue: string },
    private readonly context: OutboxContext,
  ) {
    this.horizonMs = context.maxBackoffMs + CLOCK_SLACK_MS;
  }

  /** Found all that was due, last time. */
  isIdle = true;

  /** @param asked for the fences under which this process may be given something */
  async claim(linked: Linked, request: FleetClaimRequest, asked: string[]): Promise<FleetClaim> {
    await this.strays.giveBackFresh((strays) => this.freeClaims(linked, strays));
    return claimJobs(request, this.context.requestsPerMinute, {
      look: async () => {
        const max = Math.max(PLACED_AT_LEAST, 2 * request.want);
        return { gate: await this.lookAndPlace(linked, max), stopped: false };
      },
      fetch: (max, claimed) => this.fetch(linked, max, request.newFence, asked, claimed),
      compareAndSet: this.compareAndSet(linked),
      free: (grips) => this.free(linked, grips),
    });
  }

  async free({ db }: Linked, grips: readonly Grip[]): Promise<void> {
    if (grips.length === 0) return;
    const [ids, fences] = [grips.map(({ id }) => id), grips.map(({ fence }) => fence)];
    await this.tables.call(db, 'free', this.context.program, ids, fences);
  }

  /** The same for all that were claimed under these fences. */
  async freeClaims({ db }: Linked, fences: readonly string[]): Promise<void> {
    await this.tables.call(db, 'free_claims', this.context.program, this.settings.owner, fences);
  }

  async look({ db }: Linked): Promise<SeenGate> {
    const { gate, now } = await this.read(db, 1);
    return seenGate(gate ?? '', now);
  }

  compareAndSet({ db }: Linked): CompareAndSet {
    return async ({ text }, after) => {
      const reply = await this.tables.call(db, 'gate', this.context.program, text, after);
      if (reply === null) return null;
      const { gate, now } = JSON.parse(reply as string) as Pick<Look, 'gate' | 'now'>;
      return seenGate(gate ?? '', now);
    };
  }

  private read(db: IDatabase, turnPage: number): Promise<Look> {
    return this.tables.read<Look>(db, 'look', this.context.program, turnPage, this.horizonMs);
  }

  /**
   * Sees to it that pg-boss has a job for each of ours whose turn has come: for so many, so that those of
   * a large backlog are delivered while it is.
   */
  private async lookAndPlace({ boss, db }: Linked, max: number): Promise<SeenGate> {
    const { now, gate, nextDue, turn } = await this.read(db, max);
    const soonest = turn.length === max ? now : nextDue;
    this.nextDue = soonest === null ? null : soonest - now + Date.now();
    if (turn.length > 0) {
      // A name that follows from what it says: made twice, it is there once.
      const jobs = turn.map(({ id, gen, due }) => ({
        id: tokenId({ id, gen }),
        data: { id, gen },
        startAfter: new Date(due).toISOString(),
      }));
      await boss.insert(this.settings.queue, jobs);
      const [ids, gens] = [turn.map(({ id }) => id), turn.map(({ gen }) => gen)];
      await this.tables.call(db, 'placed', ids, gens);
    }
    return seenGate(gate ?? '', now);
  }

  /** Adds to `claimed`; when the next is due, if there is none now. */
  private async fetch(
    linked: Linked,
    max: number,
    newFence: () => string,
    asked: string[],
    claimed: ClaimedJob[],
  ): Promise<number | null> {
    const end = performance.now() + USELESS_MS;
    for (let useless = 0; useless === 0 || performance.now() < end;) {
      if (claimed.length === max) return null;
      const fence = newFence();
      asked.push(fence);
      const wanted = max - claimed.length;
      const { taken, found } = await inTransaction(linked.db, (db) =>
        this.take(linked, db, wanted, fence),
      );
      claimed.push(...found.map((job) => ({ job, grip: { id: job.id, fence } })));
      useless += taken - found.length;
      this.isIdle = taken < wanted;
      if (this.isIdle) return this.nextDue;
    }
    return Date.now();
  }

  /** Of what pg-boss brings up, that which may be delivered is this process's from now on. */
  private async take(
    { boss }: Linked,
    db: IDatabase,
    wanted: number,
    fence: string,
  ): Promise<{ taken: number; found: Job[] }> {
    const { owner, queue } = this.settings;
    const taken = await boss.fetch<Token | string>(queue, { batchSize: wanted, db });
    if (taken.length === 0) return { taken: 0, found: [] };
    const tokens = taken.map(({ data }) =>
      typeof data === 'string' ? (JSON.parse(data) as Token) : data,
    );
    const ids = tokens.map(({ id }) => id);
    const gens = tokens.map(({ gen }) => gen);
    const { program } = this.context;
    const found = await this.tables.read<Job[]>(db, 'claim', program, owner, fence, ids, gens);
    await boss.deleteJob(
      queue,
      taken.map(({ id }) => id),
      { db },
    );
    return { taken: taken.length, found };
  }
}

/** A UUID that follows from which one it is. */
function tokenId({ id, gen }: Token): string {
  const hex = createHash('sha256').update(`${id}.${gen}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/**
 * All of it or nothing, if the database can do that for us. If not, and this process dies in the
 * midst, pg-boss brings the jobs up again after a minute.
 */
async function inTransaction<T>(db: IDatabase, work: (db: IDatabase) => Promise<T>): Promise<T> {
  if (!db.beginTransaction) return work(db);
  const transaction = await db.beginTransaction();
  try {
    // Of a machine that vanishes in the midst, nobody tells the database: its locks would be kept for hours.
    await transaction.db.executeSql(
      `SELECT set_config('idle_in_transaction_session_timeout', '${VANISHED_MS}', true)`,
    );
    const result = await work(transaction.db);
    await transaction.commit();
    return result;
  } catch (error) {
    await transaction.rollback().catch(() => {});
    throw error;
  }
}
