import type { NotAccepted } from './attribution/attribution.outcome.js';
import type { Forgotten, LedgerEntry, OutboxStats, ReplayFilter } from './outbox/ledger.js';
import type { Outbox } from './outbox/outbox.js';
import type { Relay } from './outbox/relay.js';

/** {@link OutboxStats}, and what was never accepted. */
export interface ProgramStats extends OutboxStats {
  /** Counted by this process since it started. */
  readonly notAccepted: Readonly<NotAccepted>;
}

/** Tells what became of the sign-ups of a program: `partnero.outbox`. */
export class OutboxInspector {
  readonly #program: string;
  readonly #outbox: Outbox | null;
  readonly #relay: Relay | null;
  readonly #notAccepted: Readonly<NotAccepted>;

  constructor(
    program: string,
    outbox: Outbox | null,
    relay: Relay | null,
    notAccepted: Readonly<NotAccepted>,
  ) {
    this.#program = program;
    this.#outbox = outbox;
    this.#relay = relay;
    this.#notAccepted = notAccepted;
  }

  /** Numbers that add up: `accepted` = the sum of `outcomes` + `dead` + `pending`. */
  async stats(): Promise<ProgramStats> {
    const stored = (await this.#outbox?.stats()) ?? nothing(this.#program);
    const held = this.#relay?.heldBecause;
    const paused = held ? { reason: held, until: null } : stored.paused;
    return { ...stored, paused, notAccepted: { ...this.#notAccepted } };
  }

  /** Why a customer was, or wasn't, credited: all that is known under that key, the newest first. */
  find({ customerKey }: { customerKey: string }): Promise<LedgerEntry[]> {
    return this.#outbox?.find(customerKey) ?? Promise.resolve([]);
  }

  /** Jobs that were given up, the oldest first. */
  async *dead(): AsyncIterable<LedgerEntry> {
    if (this.#outbox) yield* this.#outbox.dead();
  }

  /**
   * Delivers dead jobs again: one by its id, or all that match. How many.
   * @example
   * await partnero.outbox.replay({})
   */
  replay(filter: ReplayFilter | string): Promise<number> {
    const asked = typeof filter === 'string' ? { id: filter } : filter;
    return this.#outbox?.replay(asked) ?? Promise.resolve(0);
  }

  /**
   * Erases what is kept here of a customer, for deletion requests; the numbers stay. What is still
   * pending ends as `discarded`, unsent. What is at Partnero stays there: see `customers.delete()`.
   */
  forget({ customerKey }: { customerKey: string }): Promise<Forgotten> {
    return this.#outbox?.forget(customerKey) ?? Promise.resolve({ forgotten: 0, underWay: 0 });
  }
}

function nothing(program: string): OutboxStats {
  return {
    program,
    location: 'none: disabled',
    accepted: 0,
    pending: 0,
    dead: 0,
    outcomes: {},
    kinds: {},
    oldestPendingAt: null,
    paused: null,
    storage: { ok: true, problem: null },
  };
}
