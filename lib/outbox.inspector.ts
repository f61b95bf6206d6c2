import { PartneroError } from './api/partnero.error.js';
import type { NotAccepted } from './attribution/attribution.outcome.js';
import { toKey, type CustomerId } from './customer-id.js';
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
  async find({ customerKey }: { customerKey: CustomerId }): Promise<LedgerEntry[]> {
    return (await this.#outbox?.find(keyOf(customerKey))) ?? [];
  }

  /** Jobs that were given up, the oldest first. */
  async *dead(): AsyncIterable<LedgerEntry> {
    if (this.#outbox) yield* this.#outbox.dead();
  }

  /**
   * Delivers dead jobs again: one by its id, or all that match. How many.
   * @example
   * await partnero.outbox.replay()
   */
  async replay(filter: ReplayFilter | string = {}): Promise<number> {
    const asked = typeof filter === 'string' ? { id: filter } : { ...filter };
    return (await this.#outbox?.replay(asked)) ?? 0;
  }

  /**
   * Erases what is kept here of a customer, for deletion requests; the numbers stay. What is still
   * pending ends as `discarded`, unsent. What is at Partnero stays there: see `customers.delete()`.
   */
  async forget({ customerKey }: { customerKey: CustomerId }): Promise<Forgotten> {
    const forgotten = await this.#outbox?.forget(keyOf(customerKey));
    return forgotten ?? { forgotten: 0, underWay: 0 };
  }
}

/** @throws PartneroError `invalid_input` */
function keyOf(customerKey: unknown): string {
  const key = toKey(customerKey);
  if (key !== undefined) return key;
  throw new PartneroError({
    kind: 'invalid_input',
    message: 'customerKey must be the id that was attributed: a text, a whole number or a bigint.',
  });
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
