import type { Forgotten, HistoryEntry, OutboxStats } from '../outbox/history.js';
import type { OutboxEngine } from '../outbox/outbox-engine.js';

/** The status of one event at one handler. */
export interface InboxEntry extends Pick<
  HistoryEntry,
  'id' | 'program' | 'state' | 'outcome' | 'reason' | 'attempts' | 'queuedAt' | 'endedAt'
> {
  /** `Class.method`, or the `id` given to `@OnPartneroEvent()`. */
  readonly handler: string;
  readonly eventId: string;
}

/** Which dead events to handle again. Without conditions: all of them. */
export type InboxRequeueFilter =
  { readonly id: string } | { readonly handler?: string | undefined };

/** The status of a program's events: `partnero.webhooks.inbox`. */
export class InboxInspector {
  readonly #program: string;
  readonly #outbox: OutboxEngine | null;

  constructor(program: string, outbox: OutboxEngine | null) {
    this.#program = program;
    this.#outbox = outbox;
  }

  /**
   * Counts that add up: `queued` = the sum of `outcomes` + `dead` + `pending`. `jobs` has them by
   * handler. Outcomes: `handled`, `duplicate` (a repeated delivery), `discarded` (forgotten).
   */
  async stats(): Promise<OutboxStats> {
    const stored = (await this.#outbox?.stats()) ?? NO_STATS;
    return { ...stored, program: this.#program };
  }

  /** The status of an event at each of its handlers. */
  async find({ eventId }: { eventId: string }): Promise<InboxEntry[]> {
    const entries = await this.#ofEach(eventId, (outbox, key) => outbox.find(key));
    return entries.flat().map((entry) => this.#toEntry(entry));
  }

  /** Events that their handler failed on for longer than `delivery.maxAgeDays`, oldest first. */
  async *deadLetters(): AsyncIterable<InboxEntry> {
    if (!this.#outbox) return;
    for await (const entry of this.#outbox.deadLetters()) yield this.#toEntry(entry);
  }

  /**
   * Has dead events handled again: one by its job's id, those of one handler, or all. Resolves with
   * their number.
   *
   * @param filter default: all
   * @example
   * await partnero.webhooks.inbox.requeue({ handler: 'Commissions.add' })
   */
  requeue(filter: InboxRequeueFilter | string = {}): Promise<number> {
    const given = typeof filter === 'string' ? { id: filter } : filter;
    const translated = 'id' in given ? given : { jobName: given.handler };
    return this.#outbox?.requeue(translated) ?? Promise.resolve(0);
  }

  /**
   * Erases an event from the inbox; the counts stay. Where it is still pending, it ends as `discarded`.
   * If Partnero delivers it once more, it counts as a new event.
   */
  async forget({ eventId }: { eventId: string }): Promise<Forgotten> {
    const each = await this.#ofEach(eventId, (outbox, key) => outbox.forget(key));
    return {
      forgotten: each.reduce((sum, { forgotten }) => sum + forgotten, 0),
      inFlight: each.reduce((sum, { inFlight }) => sum + inFlight, 0),
    };
  }

  /** For every handler that the app has or ever had. */
  async #ofEach<T>(
    eventId: string,
    ask: (outbox: OutboxEngine, orderingKey: string) => Promise<T>,
  ): Promise<T[]> {
    const outbox = this.#outbox;
    if (!outbox) return [];
    const { jobs } = await outbox.stats();
    return Promise.all(Object.keys(jobs).map((name) => ask(outbox, `${eventId}:${name}`)));
  }

  #toEntry(entry: HistoryEntry): InboxEntry {
    const { id, state, outcome, reason, attempts, queuedAt, endedAt } = entry;
    return {
      id,
      program: this.#program,
      handler: entry.jobName,
      eventId: entry.key ?? '',
      state,
      outcome,
      reason,
      attempts,
      queuedAt,
      endedAt,
    };
  }
}

const NO_STATS: Omit<OutboxStats, 'program'> = {
  location: 'none: events are handled while Partnero waits',
  queued: 0,
  pending: 0,
  dead: 0,
  outcomes: {},
  jobs: {},
  oldestPendingAt: null,
  paused: null,
  storage: { ok: true, problem: null },
};
