import type { JobCounts } from './ledger.js';

/** How many jobs of one kind had one fate, ever; or are pending. */
export interface Counter {
  readonly kind: string;
  readonly outcome: string;
  readonly n: number;
}

type Counts = { -readonly [K in keyof JobCounts]: JobCounts[K] } & {
  outcomes: Record<string, number>;
};

/** Counters as `stats` tells them: in all, and by kind. What is counted in two places is added up. */
export function sumCounters(
  counters: readonly Counter[],
): JobCounts & { kinds: Record<string, JobCounts> } {
  const kinds: Record<string, Counts> = {};
  const of = (kind: string) => (kinds[kind] ??= { accepted: 0, pending: 0, dead: 0, outcomes: {} });
  for (const { kind, outcome, n } of counters) {
    const counts = of(kind);
    if (outcome === 'accepted' || outcome === 'dead' || outcome === 'pending') counts[outcome] += n;
    else counts.outcomes[outcome] = (counts.outcomes[outcome] ?? 0) + n;
  }
  return { ...total(Object.values(kinds)), kinds };
}

function total(kinds: readonly Counts[]): Counts {
  const sum: Counts = { accepted: 0, pending: 0, dead: 0, outcomes: {} };
  for (const kind of kinds) {
    sum.accepted += kind.accepted;
    sum.pending += kind.pending;
    sum.dead += kind.dead;
    for (const [outcome, n] of Object.entries(kind.outcomes)) {
      sum.outcomes[outcome] = (sum.outcomes[outcome] ?? 0) + n;
    }
  }
  return sum;
}
