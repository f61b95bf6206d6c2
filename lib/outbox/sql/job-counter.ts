import { STATES } from './rows.js';
import type { SqlRow } from './sql-executor.js';

/** The changes of one transaction to the counters, written once at its end. */
export class JobCounter {
  private readonly changes = new Map<
    string,
    { program: string; name: string; outcome: string; n: number }
  >();

  /** @param slot where to count, so that nobody waits for the end of this transaction */
  constructor(private readonly slot: string) {}

  add(program: string, name: string, outcome: string, by = 1): void {
    const key = `${program}\n${name}\n${outcome}`;
    const change = this.changes.get(key);
    if (change) change.n += by;
    else this.changes.set(key, { program, name, outcome, n: by });
  }

  queued(program: string, name: string): void {
    this.add(program, name, 'queued');
    this.add(program, name, 'pending');
  }

  move(program: string, name: string, from: string, to: string): void {
    this.add(program, name, from, -1);
    this.add(program, name, to);
  }

  /** Deleted jobs: so that the counts still add up, and `dead` says how many dead letters there are. */
  removed(program: string, rows: readonly SqlRow[]): void {
    for (const { name, state } of rows) {
      const before = STATES[Number(state)]!;
      if (before !== 'completed') this.move(program, String(name), before, 'discarded');
    }
  }

  /** The rows to add to the table; afterwards there are none. */
  take(): SqlRow[] {
    const rows = [...this.changes.values()].filter(({ n }) => n !== 0);
    this.changes.clear();
    return rows.map((row) => ({ ...row, slot: this.slot }));
  }
}
