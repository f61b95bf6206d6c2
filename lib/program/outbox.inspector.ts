import type { NotAccepted } from '../attribution/attribution.outcome.js';
import type { CustomerId } from '../common/customer-id.js';
import { ERASURE } from '../erasure/job-name.js';
import type { Pause } from '../outbox/delivery.js';
import type { Forgotten, HistoryEntry, OutboxStats, RequeueFilter } from '../outbox/history.js';
import { emptyStats } from '../outbox/job-counts.js';
import type { OutboxEngine } from '../outbox/outbox-engine.js';
import type { ResolvedOptions } from '../partnero.options.js';
import { checkKey, checkLimit } from './check-input.js';
import type { OutcomeReporter } from './outcome.reporter.js';
import type { ProgramDelivery } from './program.delivery.js';
import type { ProgramOutbox } from './program.outbox.js';

/** {@link OutboxStats}, and the sign-ups that weren't queued. */
export interface ProgramStats extends OutboxStats {
  /** Counted by this process since it started. */
  readonly notAccepted: Readonly<NotAccepted>;
}

/** The status of a program's jobs: `partnero.outbox`. */
export class OutboxInspector {
  readonly #program: string;
  readonly #outbox: OutboxEngine | null;
  /** Why this process sends nothing, if the engine can't know. */
  readonly #pause: () => Pause | null;
  readonly #notAccepted: Readonly<NotAccepted>;

  constructor(
    { name }: ResolvedOptions,
    { mode, engine }: ProgramOutbox,
    delivery: ProgramDelivery | null,
    { notAccepted }: OutcomeReporter,
  ) {
    this.#program = name;
    this.#outbox = engine;
    this.#pause = () =>
      mode === 'queues' ? { reason: 'no_key', until: null } : (delivery?.pause ?? null);
    this.#notAccepted = notAccepted;
  }

  /** Counts that add up: `queued` = the sum of `outcomes` + `dead` + `pending`. */
  async stats(): Promise<ProgramStats> {
    const stored = (await this.#outbox?.stats()) ?? emptyStats(this.#program, 'none: disabled');
    const paused = this.#pause() ?? stored.paused;
    return { ...stored, paused, notAccepted: { ...this.#notAccepted } };
  }

  /** Why a customer was, or wasn't, credited: the jobs under that key, newest first. */
  async find({ customerKey }: { customerKey: CustomerId }): Promise<HistoryEntry[]> {
    return (await this.#outbox?.find(checkKey(customerKey, 'customerKey'))) ?? [];
  }

  /**
   * The newest jobs, newest first. Empty if the outbox keeps no history (`inlineOutbox()`).
   *
   * @param options `limit`: 1 to 1,000; default 100
   * @throws PartneroError `invalid_input`
   */
  async recent({ limit = 100 }: { limit?: number } = {}): Promise<HistoryEntry[]> {
    return (await this.#outbox?.recent(checkLimit(limit))) ?? [];
  }

  /**
   * The dead letters: jobs that failed for longer than `delivery.maxAgeDays`, oldest first.
   *
   * @example
   * for await (const entry of partnero.outbox.deadLetters()) console.log(entry.id, entry.reason)
   */
  async *deadLetters(): AsyncIterable<HistoryEntry> {
    if (this.#outbox) yield* this.#outbox.deadLetters();
  }

  /**
   * Delivers dead letters again: one by its id, or all that match. Resolves with their number.
   *
   * @param filter default: all
   * @example
   * await partnero.outbox.requeue()
   */
  async requeue(filter: RequeueFilter | string = {}): Promise<number> {
    const given = typeof filter === 'string' ? { id: filter } : { ...filter };
    return (await this.#outbox?.requeue(given)) ?? 0;
  }

  /**
   * Erases a customer from the outbox, for deletion requests; the counts stay. Pending jobs end as
   * `discarded`, unsent, except a deletion request. To delete the customer at Partnero too, use
   * `customers.erase()`.
   */
  async forget({ customerKey }: { customerKey: CustomerId }): Promise<Forgotten> {
    const key = checkKey(customerKey, 'customerKey');
    const forgotten = await this.#outbox?.forget(key, ERASURE);
    return forgotten ?? { forgotten: 0, inFlight: 0 };
  }
}
