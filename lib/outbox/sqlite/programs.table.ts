import { randomBytes } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { OPEN_GATE, type GateState } from '../gate.js';
import type { StoredIdentity } from '../outbox.js';

export interface ProgramRow extends StoredIdentity {
  name: string;
  gate: string;
}

/** What the file knows of each program: whom its jobs belong to, and whether they may be sent. */
export class ProgramsTable {
  private readonly select: StatementSync;
  private readonly insert: StatementSync;
  private readonly identify: StatementSync;
  private readonly saveGate: StatementSync;
  private readonly gates = new Map<string, { before: GateState; state: GateState }>();

  constructor(private readonly db: DatabaseSync) {
    this.select = db.prepare(
      `SELECT name, salt, key_hash AS keyHash, public_id AS publicId, gate
       FROM programs WHERE name = ?`,
    );
    this.insert = db.prepare(
      `INSERT OR IGNORE INTO programs (name, salt, key_hash, public_id, gate)
       VALUES (?, ?, ?, ?, ?)`,
    );
    this.identify = db.prepare('UPDATE programs SET key_hash = ?, public_id = ? WHERE name = ?');
    this.saveGate = db.prepare('UPDATE programs SET gate = ? WHERE name = ?');
  }

  knows(name: string): boolean {
    return this.select.get(name) !== undefined;
  }

  enroll(name: string, salt: string): StoredIdentity {
    if (!this.knows(name)) this.insert.run(name, salt, null, null, JSON.stringify(OPEN_GATE));
    const row = this.row(name)!;
    return { salt: row.salt, keyHash: row.keyHash, publicId: row.publicId };
  }

  remember(name: string, known: { keyHash?: string | null; publicId?: string | null }): void {
    const row = this.row(name);
    if (!row) return;
    const { keyHash = row.keyHash, publicId = row.publicId } = known;
    this.identify.run(keyHash, publicId, name);
  }

  gate(name: string): GateState {
    const known = this.gates.get(name);
    if (known) return known.state;
    const row = this.row(name);
    const state = row ? (JSON.parse(row.gate) as GateState) : OPEN_GATE;
    this.gates.set(name, { before: state, state });
    return state;
  }

  setGate(name: string, state: GateState): void {
    const before = this.gates.get(name)?.before ?? this.gate(name);
    this.gates.set(name, { before, state });
  }

  flush(): void {
    for (const [name, { before, state }] of this.gates) {
      if (state !== before) this.save(name, JSON.stringify(state));
    }
    this.forget();
  }

  /** Another process may change a gate between two transactions. */
  forget(): void {
    this.gates.clear();
  }

  rows(): ProgramRow[] {
    return this.db
      .prepare('SELECT name, salt, key_hash AS keyHash, public_id AS publicId, gate FROM programs')
      .all() as unknown as ProgramRow[];
  }

  copy(row: ProgramRow): void {
    this.insert.run(row.name, row.salt, row.keyHash, row.publicId, row.gate);
  }

  private save(name: string, gate: string): void {
    if (this.saveGate.run(gate, name).changes > 0) return;
    // Its row went down with a damaged file. Without one, no pause would last.
    this.insert.run(name, randomBytes(16).toString('hex'), null, null, gate);
  }

  private row(name: string): ProgramRow | undefined {
    return this.select.get(name) as ProgramRow | undefined;
  }
}
