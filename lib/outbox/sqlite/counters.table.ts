import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** How many jobs had which fate, ever; changed in the transaction that changes the row. */
export class CountersTable {
  private readonly add: StatementSync;
  private readonly all: StatementSync;
  private readonly changes = new Map<string, [string, string, string, number]>();

  constructor(db: DatabaseSync) {
    this.add = db.prepare(
      `INSERT INTO counters (program, kind, outcome, n) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET n = n + excluded.n`,
    );
    this.all = db.prepare('SELECT kind, outcome, n FROM counters WHERE program = ?');
  }

  /** Collected, and written once a transaction. */
  count(program: string, kind: string, outcome: string, by = 1): void {
    const key = `${program}\n${kind}\n${outcome}`;
    const change = this.changes.get(key);
    if (change) change[3] += by;
    else this.changes.set(key, [program, kind, outcome, by]);
  }

  flush(): void {
    for (const change of this.changes.values()) this.add.run(...change);
    this.changes.clear();
  }

  forget(): void {
    this.changes.clear();
  }

  of(program: string): { kind: string; outcome: string; n: number }[] {
    return this.all.all(program) as { kind: string; outcome: string; n: number }[];
  }
}
