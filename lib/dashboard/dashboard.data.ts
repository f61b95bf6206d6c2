import type { HistoryEntry, OutboxStats } from '../outbox/history.js';
import type { PartneroService } from '../partnero.service.js';
import type { ProgramStats } from '../program/outbox.inspector.js';
import type { InboxEntry } from '../webhooks/inbox.inspector.js';

const RECENT = 1_000;
const EVENTS = 20;
const DEAD_LETTERS = 50;

/** What the page shows. */
export interface DashboardData {
  readonly stats: ProgramStats;
  /** Newest first. */
  readonly recent: readonly HistoryEntry[];
  /** Whether there may be older jobs. */
  readonly isLimited: boolean;
  /** Oldest first. */
  readonly dead: readonly HistoryEntry[];
  readonly inbox: {
    readonly stats: OutboxStats;
    readonly recent: readonly InboxEntry[];
    readonly dead: readonly InboxEntry[];
  };
  /** Whose jobs were searched; `null` if nothing was. */
  readonly customer: string | null;
  readonly found: readonly HistoryEntry[] | null;
}

/** Reads all that the page shows. */
export async function readData(
  { outbox, webhooks: { inbox } }: Pick<PartneroService, 'outbox' | 'webhooks'>,
  customer: string | null,
): Promise<DashboardData> {
  const [stats, recent, dead, events, recentEvents, deadEvents, found] = await Promise.all([
    outbox.stats(),
    outbox.recent({ limit: RECENT }),
    firstOf(outbox.deadLetters(), DEAD_LETTERS),
    inbox.stats(),
    inbox.recent({ limit: EVENTS }),
    firstOf(inbox.deadLetters(), DEAD_LETTERS),
    customer === null ? null : outbox.find({ customerKey: customer }),
  ]);
  return {
    stats,
    recent,
    isLimited: recent.length === RECENT,
    dead,
    inbox: { stats: events, recent: recentEvents, dead: deadEvents },
    customer,
    found,
  };
}

async function firstOf<T>(list: AsyncIterable<T>, limit: number): Promise<T[]> {
  const items: T[] = [];
  for await (const item of list) {
    items.push(item);
    if (items.length === limit) break;
  }
  return items;
}
