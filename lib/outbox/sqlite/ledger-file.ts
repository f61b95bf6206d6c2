import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Forgotten, LedgerEntry, ReplayFilter } from '../ledger.js';
import type { Call, OperationName, Operations } from './protocol.js';
import { isReady } from './schema.js';
import { Store } from './store.js';
import { toLedgerEntry, toStats } from './stored.js';

const BUSY_TIMEOUT_MS = 5_000;

/** There is no outbox at that path, or none that this version knows. */
export class LedgerFileError extends Error {
  override readonly name = 'LedgerFileError';
}

/** What one program's stats are without an app around them. */
export type FileStats = ReturnType<typeof toStats> & { readonly program: string };

/**
 * An outbox file without an app, for whoever asks from outside; an app may be using it meanwhile. Makes
 * no file, delivers nothing, and takes nothing over.
 */
export class LedgerFile {
  private readonly store: Store;

  private constructor(private readonly db: DatabaseSync) {
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}; PRAGMA secure_delete = ON`);
    // It accepts nothing, and so owns nothing.
    this.store = new Store(db, () => 0);
  }

  /** @throws LedgerFileError */
  static open(path: string): LedgerFile {
    if (!existsSync(path)) throw new LedgerFileError(`There is no outbox at ${path}.`);
    const db = new DatabaseSync(path);
    try {
      if (isReady(db)) return new LedgerFile(db);
    } catch (error) {
      db.close();
      throw new LedgerFileError(
        `${path} can't be used: ${error instanceof Error ? error.message : 'unknown error'}.`,
      );
    }
    db.close();
    throw new LedgerFileError(`${path} is no outbox yet: no app has used it.`);
  }

  get programs(): string[] {
    return this.store.programs.rows().map(({ name }) => name);
  }

  stats(program: string): FileStats {
    const stored = this.run('stats', program, { now: Date.now(), keyHash: null });
    return { program, ...toStats(stored) };
  }

  find(program: string, customerKey: string): LedgerEntry[] {
    return this.run('find', program, { customerKey }).map(toLedgerEntry);
  }

  *dead(program: string): Generator<LedgerEntry> {
    for (let after = '0'; ;) {
      const page = this.run('dead', program, { after });
      yield* page.map(toLedgerEntry);
      const last = page.at(-1);
      if (!last) return;
      after = last.id;
    }
  }

  replay(program: string, filter: ReplayFilter): number {
    return this.run('replay', program, { filter, now: Date.now() });
  }

  forget(program: string, customerKey: string): Forgotten {
    return this.run('forget', program, { customerKey, now: Date.now() });
  }

  close(): void {
    this.db.close();
  }

  private run<N extends OperationName>(
    name: N,
    program: string,
    ask: Operations[N]['ask'],
  ): Operations[N]['reply'] {
    const call = [name, program, ask] as unknown as Call;
    return this.store.run([call])[0] as Operations[N]['reply'];
  }
}
