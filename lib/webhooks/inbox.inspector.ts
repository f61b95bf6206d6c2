import type { Forgotten, LedgerEntry, OutboxStats } from '../outbox/ledger.js';
import type { Outbox } from '../outbox/outbox.js';

/** What became of one event at one handler. */
export interface InboxEntry extends Pick<
  LedgerEntry,
  'id' | 'program' | 'state' | 'outcome' | 'reason' | 'attempts' | 'acceptedAt' | 'settledAt'
> {
  /** `Class.method`, or the `id` given to `@OnPartneroEvent()`. */
  readonly handler: string;
  readonly eventId: string;
}

/** Which of the events that were given up to handle again; all of them without conditions. */
export type InboxReplayFilter = { readonly id: string } | { readonly handler?: string | undefined };

/** Tells what became of the events of a program: `partnero.webhooks.inbox`. */
export class InboxInspector {
  readonly #program: string;
  readonly #outbox: Outbox | null;

  constructor(program: string, outbox: Outbox | null) {
    this.#program = program;
    this.#outbox = outbox;
  }

  /**
   * Numbers that add up: `accepted` = the sum of `outcomes` + `dead` + `pending`. `kinds` has them by
   * handler. Outcomes: `handled`, `duplicate` (a repeated delivery), `discarded` (forgotten).
   */
  async stats(): Promise<OutboxStats> {
    const stored = (await this.#outbox?.stats()) ?? NOTHING;
    return { ...stored, program: this.#program };
  }

  /** What became of an event, at each of its handlers. */
  async find({ eventId }: { eventId: string }): Promise<InboxEntry[]> {
    const entries = await this.#ofEach(eventId, (outbox, lane) => outbox.find(lane));
    return entries.flat().map((entry) => this.#toEntry(entry));
  }

  /** Events that were given up, the oldest first. */
  async *dead(): AsyncIterable<InboxEntry> {
    if (!this.#outbox) return;
    for await (const entry of this.#outbox.dead()) yield this.#toEntry(entry);
  }

  /**
   * Has dead events handled again: one by its id, those of one handler, or all. How many.
   * @example
   * await partnero.webhooks.inbox.replay({ handler: 'Commissions.add' })
   */
  replay(filter: InboxReplayFilter | string): Promise<number> {
    const asked = typeof filter === 'string' ? { id: filter } : filter;
    const translated = 'id' in asked ? asked : { kind: asked.handler };
    return this.#outbox?.replay(translated) ?? Promise.resolve(0);
  }

  /**
   * Erases what is kept of an event; the numbers stay. Where it still waits, it ends as `discarded`.
   * Should Partnero deliver it once more, it is handled as a new one.
   */
  async forget({ eventId }: { eventId: string }): Promise<Forgotten> {
    const each = await this.#ofEach(eventId, (outbox, lane) => outbox.forget(lane));
    return {
      forgotten: each.reduce((sum, { forgotten }) => sum + forgotten, 0),
      underWay: each.reduce((sum, { underWay }) => sum + underWay, 0),
    };
  }

  /** For every handler that there is, or ever was. */
  async #ofEach<T>(
    eventId: string,
    ask: (outbox: Outbox, lane: string) => Promise<T>,
  ): Promise<T[]> {
    const outbox = this.#outbox;
    if (!outbox) return [];
    const { kinds } = await outbox.stats();
    return Promise.all(Object.keys(kinds).map((kind) => ask(outbox, `${eventId}:${kind}`)));
  }

  #toEntry(entry: LedgerEntry): InboxEntry {
    const { id, state, outcome, reason, attempts, acceptedAt, settledAt } = entry;
    return {
      id,
      program: this.#program,
      handler: entry.kind,
      eventId: entry.key ?? '',
      state,
      outcome,
      reason,
      attempts,
      acceptedAt,
      settledAt,
    };
  }
}

const NOTHING: Omit<OutboxStats, 'program'> = {
  location: 'none: events are handled while Partnero waits',
  accepted: 0,
  pending: 0,
  dead: 0,
  outcomes: {},
  kinds: {},
  oldestPendingAt: null,
  paused: null,
  storage: { ok: true, problem: null },
};
