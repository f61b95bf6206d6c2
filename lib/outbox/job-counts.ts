import type { JobCounts, OutboxStats } from './history.js';

/** How many jobs of one name have one outcome; or were queued, are pending or are dead. */
export interface Counter {
  readonly name: string;
  readonly outcome: string;
  readonly n: number;
}

type Counts = { -readonly [K in keyof JobCounts]: JobCounts[K] } & {
  outcomes: Record<string, number>;
};

/** Adds counters up: in all, and by job name. */
export function sumCounters(
  counters: readonly Counter[],
): JobCounts & { jobs: Record<string, JobCounts> } {
  const jobs: Record<string, Counts> = {};
  for (const { name, outcome, n } of counters) {
    const counts = (jobs[name] ??= none());
    if (outcome === 'queued' || outcome === 'dead' || outcome === 'pending') counts[outcome] += n;
    else counts.outcomes[outcome] = (counts.outcomes[outcome] ?? 0) + n;
  }
  return { ...total(Object.values(jobs)), jobs };
}

/** The stats where nothing is saved. */
export function emptyStats(program: string, location: string): OutboxStats {
  const storage = { ok: true, problem: null };
  return { ...sumCounters([]), program, location, oldestPendingAt: null, paused: null, storage };
}

function total(all: readonly Counts[]): Counts {
  const sum = none();
  for (const counts of all) {
    sum.queued += counts.queued;
    sum.pending += counts.pending;
    sum.dead += counts.dead;
    for (const [outcome, n] of Object.entries(counts.outcomes)) {
      sum.outcomes[outcome] = (sum.outcomes[outcome] ?? 0) + n;
    }
  }
  return sum;
}

function none(): Counts {
  return { queued: 0, pending: 0, dead: 0, outcomes: {} };
}
