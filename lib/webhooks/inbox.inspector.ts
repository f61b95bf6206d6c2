import type { Forgotten, HistoryEntry, OutboxStats } from '../outbox/history.js';
import { emptyStats } from '../outbox/job-counts.js';
import type { OutboxEngine } from '../outbox/outbox-engine.js';
import { checkLimit } from '../program/check-input.js';
import { orderingKeyOf } from './event.job.js';

const NOTHING_SAVED = 'none: events are handled while Partnero waits';

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
  readonly #engine: () => OutboxEngine | null;

  /** @param engine where events are saved; `null` if they aren't */
  constructor(program: string, engine: () => OutboxEngine | null) {
    this.#program = program;
    this.#engine = engine;
  }

  /**
   * Counts that add up: `queued` = the sum of `outcomes` + `dead` + `pending`. `jobs` has them by
   * handler. Outcomes: `handled`, `duplicate` (a repeated delivery), `discarded` (forgotten).
   */
  async stats(): Promise<OutboxStats> {
    const stored = (await this.#engine()?.stats()) ?? emptyStats(this.#program, NOTHING_SAVED);
    return { ...stored, program: this.#program };
  }

  /** The status of an event at each of its handlers. */
  async find({ eventId }: { eventId: string }): Promise<InboxEntry[]> {
    const entries = await this.#ofEach(eventId, (engine, key) => engine.find(key));
    return entries.flat().map((entry) => this.#toEntry(entry));
  }

  /**
   * The status of the newest events at their handlers, newest first.
   *
   * @param options `limit`: 1 to 1,000; default 100
   * @throws PartneroError `invalid_input`
   */
  async recent({ limit = 100 }: { limit?: number } = {}): Promise<InboxEntry[]> {
    const entries = (await this.#engine()?.recent(checkLimit(limit))) ?? [];
    return entries.map((entry) => this.#toEntry(entry));
  }

  /** Events that their handler failed on for longer than `delivery.maxAgeDays`, oldest first. */
  async *deadLetters(): AsyncIterable<InboxEntry> {
    const engine = this.#engine();
    if (!engine) return;
    for await (const entry of engine.deadLetters()) yield this.#toEntry(entry);
  }

  /**
   * Has dead events handled again: one by its job's id, those of one handler, or all. Resolves with
   * their number.
   *
   * @param filter default: all
   * @example
   * await partnero.webhooks.inbox.requeue({ handler: 'Commissions.add' })
   */
  async requeue(filter: InboxRequeueFilter | string = {}): Promise<number> {
    const given = typeof filter === 'string' ? { id: filter } : filter;
    const engineFilter = 'id' in given ? given : { jobName: given.handler };
    return (await this.#engine()?.requeue(engineFilter)) ?? 0;
  }

  /**
   * Erases an event from the inbox; the counts stay. Where it is still pending, it ends as `discarded`.
   * If Partnero delivers it once more, it counts as a new event.
   */
  async forget({ eventId }: { eventId: string }): Promise<Forgotten> {
    const each = await this.#ofEach(eventId, (engine, key) => engine.forget(key));
    return {
      forgotten: each.reduce((sum, { forgotten }) => sum + forgotten, 0),
      inFlight: each.reduce((sum, { inFlight }) => sum + inFlight, 0),
    };
  }

  /** At each handler that the app has or ever had. */
  async #ofEach<T>(
    eventId: string,
    ask: (engine: OutboxEngine, orderingKey: string) => Promise<T>,
  ): Promise<T[]> {
    const engine = this.#engine();
    if (!engine) return [];
    const { jobs } = await engine.stats();
    return Promise.all(Object.keys(jobs).map((name) => ask(engine, orderingKeyOf(eventId, name))));
  }

  #toEntry(entry: HistoryEntry): InboxEntry {
    const { id, jobName, key, state, outcome, reason, attempts, queuedAt, endedAt } = entry;
    const at = { program: this.#program, handler: jobName, eventId: key ?? '' };
    return { id, ...at, state, outcome, reason, attempts, queuedAt, endedAt };
  }
}
