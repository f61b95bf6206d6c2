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
  const all = none();
  const jobs: Record<string, Counts> = {};
  for (const { name, outcome, n } of counters) {
    for (const counts of [all, (jobs[name] ??= none())]) {
      if (outcome === 'queued' || outcome === 'dead' || outcome === 'pending') counts[outcome] += n;
      else counts.outcomes[outcome] = (counts.outcomes[outcome] ?? 0) + n;
    }
  }
  return { ...all, jobs };
}

/** The stats where nothing is saved. */
export function emptyStats(program: string, location: string): OutboxStats {
  const storage = { ok: true, problem: null };
  return { ...sumCounters([]), program, location, oldestPendingAt: null, paused: null, storage };
}

function none(): Counts {
  return { queued: 0, pending: 0, dead: 0, outcomes: {} };
}
