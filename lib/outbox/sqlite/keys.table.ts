import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Who holds a key: the job that takes effect under it, or one that has withdrawn it. */
export interface KeyHolder {
  /** `null` if the key is withdrawn. */
  digest: string | null;
  lane: string;
}

/** The keys of jobs that may take effect once only, each held by one job at most. */
export class KeysTable {
  private readonly select: StatementSync;
  private readonly insert: StatementSync;
  private readonly remove: StatementSync;
  private readonly move: StatementSync;

  constructor(db: DatabaseSync) {
    this.select = db.prepare(
      'SELECT digest, lane FROM keys WHERE program = ? AND kind = ? AND key = ?',
    );
    this.insert = db.prepare(
      `INSERT OR IGNORE INTO keys (program, kind, key, digest, lane, seq) VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.remove = db.prepare('DELETE FROM keys WHERE seq = ?');
    this.move = db.prepare('SELECT program, kind, key, digest, lane FROM keys WHERE seq = ?');
  }

  holderOf(program: string, kind: string, key: string): KeyHolder | undefined {
    return this.select.get(program, kind, key) as KeyHolder | undefined;
  }

  /** Does nothing if the key is held already. */
  hold(
    program: string,
    kind: string,
    key: string,
    by: { digest: string | null; lane: string; seq: number },
  ): void {
    this.insert.run(program, kind, key, by.digest, by.lane, by.seq);
  }

  /** All that a job holds. */
  free(seq: number): void {
    this.remove.run(seq);
  }

  /** What a job holds, as another file of this format takes it over. */
  copyTo(target: KeysTable, seq: number, as: number): void {
    const rows = this.move.all(seq) as unknown as (KeyHolder & Record<string, string>)[];
    for (const { program, kind, key, digest, lane } of rows) {
      target.hold(program!, kind!, key!, { digest, lane, seq: as });
    }
  }
}
