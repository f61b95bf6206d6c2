import { claimJobs, type ClaimedJob } from '../outbox/fleet/claim-jobs.js';
import type { FleetClaim, FleetClaimRequest, Grip } from '../outbox/fleet/fleet-store.js';
import { seenGate, type CompareAndSet, type SeenGate } from '../outbox/fleet/shared-gate.js';
import { Strays } from '../outbox/fleet/strays.js';
import type { OutboxContext } from '../outbox/outbox.js';
import { execute, type Books } from './books.js';
import {
  dropToken,
  placeToken,
  takeTokens,
  tokenName,
  useUp,
  type Token,
} from './bullmq.tokens.js';

import type { Linked } from './redis-link.js';
import { toJob, type ClaimedRow } from './stored-row.js';

/** What the script `look` tells. */
interface Look {
  readonly gate: SeenGate;
  /** An operator has paused the queue. */
  readonly stopped: boolean;
  readonly turn: readonly { readonly token: Token; readonly due: number; readonly kind: string }[];
}

/** Of BullMQ's jobs that are made in one claim; more, if it wants more. */
const PLACED_AT_LEAST = 200;
const PAGE = 500;
/** For jobs of BullMQ's that turn out to be of no use, in one claim; and how many are looked at then. */
const USELESS_MS = 500;
const WIDE = 100;
/** Clocks of machines agree, but not to the millisecond. */
const CLOCK_SLACK_MS = 10_000;
const ASTRAY_EVERY_MS = 60_000;

/** How this process comes by jobs that are due. */
export class BullmqClaims {
  private readonly horizonMs: number;
  /** Found as many as wanted last time: there are more. */
  private wasFull = false;
  /** Not all whose turn has come had a job of BullMQ's made, last time. */
  private hasUnplaced = false;
  private lookedForAstray = -Infinity;
  readonly strays = new Strays<Grip>();

  constructor(
    private readonly books: Books,
    private readonly settings: { readonly leaseMs: number },
    private readonly context: OutboxContext,
  ) {
    this.horizonMs = context.maxBackoffMs + CLOCK_SLACK_MS;
  }

  /** @param asked for those that the books may give to this process */
  async claim(linked: Linked, request: FleetClaimRequest, asked: Grip[]): Promise<FleetClaim> {
    await this.strays.giveBackFresh((strays) => this.free(linked, strays));
    return claimJobs(request, this.context.requestsPerMinute, {
      look: () => this.lookAndPlace(linked, Math.max(PLACED_AT_LEAST, 2 * request.want)),
      fetch: (max, claimed) => this.fetch(linked, max, request.newFence, asked, claimed),
      compareAndSet: this.compareAndSet(linked),
      free: (grips) => this.free(linked, grips),
    });
  }

  /** Somebody may claim them, as soon as it is their turn. */
  async free(linked: Linked, grips: readonly Grip[]): Promise<void> {
    for (let i = 0; i < grips.length; i += PAGE) {
      const some = grips.slice(i, i + PAGE);
      const ids = some.flatMap(({ id, fence }) => [id, fence]);
      const freed = (await this.books.run(linked.client, 'free', ...ids)) as number[];
      // If it wasn't this process's, BullMQ's job may be the only one that brings it up.
      const obsolete = some.filter((_, at) => freed[at] === 1);
      for (const grip of obsolete) void dropToken(linked.backend, grip);
    }
  }

  async look(linked: Linked, turnPage: number, horizonMs?: number): Promise<Look> {
    const reply = await this.books.run(linked.client, 'look', turnPage, horizonMs);
    const [now, gate, stopped, turn] = reply as [
      number,
      string,
      number,
      [string, string, string, string][],
    ];
    return {
      gate: seenGate(gate, now),
      stopped: stopped === 1,
      turn: turn.map(([id, gen, due, kind]) => ({ token: { id, gen }, due: Number(due), kind })),
    };
  }

  compareAndSet(linked: Linked): CompareAndSet {
    return async ({ text }, after) => {
      const reply = await this.books.run(linked.client, 'gate', text, after);
      if (!reply) return null;
      const [now, gate] = reply as [number, string];
      return seenGate(gate, now);
    };
  }

  /**
   * Sees to it that BullMQ has a job for each of ours whose turn has come: for so many, so that those of
   * a large backlog are delivered while it is.
   */
  private async lookAndPlace(linked: Linked, max: number): Promise<Look> {
    const looksForAstray = performance.now() - this.lookedForAstray > ASTRAY_EVERY_MS;
    if (looksForAstray) this.lookedForAstray = performance.now();
    const look = await this.look(linked, max, looksForAstray ? this.horizonMs : undefined);
    this.hasUnplaced = look.turn.length === max;
    if (look.turn.length === 0) return look;
    const transaction = linked.client.multi();
    for (const { token, due, kind } of look.turn) {
      placeToken(linked.backend, transaction, token, kind, due - look.gate.now);
    }
    const ids = look.turn.flatMap(({ token }) => [token.id, token.gen]);
    this.books.add(transaction, 'placed', ...ids);
    await execute(transaction);
    return look;
  }

  /** Adds to `claimed`; when the next is due, if there is none now. */
  private async fetch(
    linked: Linked,
    max: number,
    newFence: () => string,
    asked: Grip[],
    claimed: ClaimedJob[],
  ): Promise<number | null> {
    const end = performance.now() + USELESS_MS;
    let width = this.wasFull ? max : 1;
    for (let useless = 0; useless === 0 || performance.now() < end;) {
      const fence = newFence();
      const { tokens, nextDue } = await takeTokens(linked.backend, fence, width);
      asked.push(...tokens.map((token) => gripOf(token, fence)));
      const found = await this.own(linked, tokens, fence, max - claimed.length);
      claimed.push(...found);
      useless += tokens.length - found.length;
      this.wasFull = tokens.length === width;
      if (claimed.length === max) return null;
      if (!this.wasFull) return this.hasUnplaced ? Date.now() : nextDue;
      width = max - claimed.length;
      // Those of jobs that a living process has at hand come in crowds.
      if (found.length < tokens.length) width = Math.max(width, WIDE);
    }
    return Date.now();
  }

  /** Of what BullMQ brought up, that which may be delivered is this process's from now on: up to `max`. */
  private async own(
    linked: Linked,
    tokens: readonly Token[],
    fence: string,
    max: number,
  ): Promise<ClaimedJob[]> {
    if (tokens.length === 0) return [];
    const { client, backend } = linked;
    const start = [fence, this.settings.leaseMs, this.horizonMs, max];
    const ids = tokens.flatMap(({ id, gen }) => [id, gen]);
    const rows = await this.books.run(client, 'claim', ...start, ...ids);
    return (rows as (ClaimedRow | null)[]).flatMap((row, i) => {
      const token = tokens[i]!;
      if (row) return { job: toJob(token.id, row), grip: gripOf(token, fence) };
      void useUp(backend, tokenName(token), fence);
      return [];
    });
  }
}

function gripOf(token: Token, fence: string): Grip {
  return { id: token.id, fence, token: tokenName(token) };
}
